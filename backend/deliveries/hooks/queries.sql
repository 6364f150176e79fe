-- name: connection
select c.id, c.name, c.kind from connection as c where c.id = %(connection_id)s

-- name: insert
insert into hook_delivery (connection_id, provider_id, type, data)
values (%(connection_id)s, %(provider_id)s, %(type)s, %(data)s)
    on conflict (connection_id, provider_id) do nothing
returning id

-- name: lock
select h.id, h.data, c.name
  from hook_delivery as h join connection as c on c.id = h.connection_id
 where h.id = %(hook_id)s and h.worked_at is null
   for update of h

-- name: person
-- Whose account a name of the other side is: that of the one person with a verified address of this name.
select min(user_id) from contact_method
 where verified_at is not null and lower(split_part(address, '@', 1)) = lower(%(by)s)
having count(distinct user_id) = 1

-- name: worked
update hook_delivery set worked_at = clock_timestamp(), words = %(words)s where id = %(hook_id)s
