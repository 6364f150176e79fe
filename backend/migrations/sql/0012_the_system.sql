-- What the worker does, the system does by itself.
create or replace function person_name(user_id text) returns text language sql stable parallel safe
    return case when user_id = 'system:worker' then 'The system'
                when user_id like 'system:%'
                then upper(substr(user_id, 8, 1)) || replace(substr(user_id, 9), '-', ' ')
                else coalesce((select a.name from account as a where a.id = user_id),
                              (select p.name from principal_seen as p where p.user_id = person_name.user_id), user_id)
           end;
