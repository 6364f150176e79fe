-- name: append
insert into audit_log (actor, actor_label, action, resource_type, resource_id, resource_label, version, before, after,
                       reason, request_id, correlation_id)
values (%(actor)s, person_name(%(actor)s), %(action)s, %(resource_type)s, %(resource_id)s, %(label)s, %(version)s, %(before)s, %(after)s, %(reason)s, %(request_id)s, %(correlation_id)s)
returning seq

-- name: person_name
select person_name(%(actor)s)
