-- name: people
-- Who votes and signs for a role: its holders; and whom its vote was given to.
select a.user_id from role_assignment as a
 where a.role_id = %(role)s and a.revoked_at is null and (a.expires_at is null or a.expires_at > clock_timestamp())
 union
select d.person from launch_delegation as d where d.launch_id = %(launch_id)s and d.role = %(role)s
