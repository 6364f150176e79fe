-- name: origin
select 'opsconsole/' || id from audit_origin
