-- name: matrix
select levels, version, updated_at, updated_by from severity_matrix

-- name: lock_matrix
select levels, version, updated_at, updated_by from severity_matrix for update

-- name: change_matrix
update severity_matrix
   set levels = %(levels)s, version = version + 1, updated_at = clock_timestamp(), updated_by = %(actor)s
returning levels, version, updated_at, updated_by

-- name: may
-- Whether somebody holds a permission just now.
select exists (select from role_assignment as s join role_definition as d on d.id = s.role_id
                where s.user_id = %(user_id)s and %(permission)s = any (d.permissions) and s.revoked_at is null
                  and (s.expires_at is null or s.expires_at > clock_timestamp()))
