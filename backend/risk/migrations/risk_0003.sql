-- A verdict names the command that carries it out: asking, trying again and its state are of deliveries.

insert into shop_command (id, name, about, data, reply_task, state, attempts, reached, created_at, due_at, first_at,
                          ended_at, words)
select id, 'order.' || kind, order_id,
       jsonb_build_object('orderId', order_id, 'amount', minor, 'currency', currency), 'risk.command_ended',
       case state when 'failed' then 'dead' else state end, attempts, attempts, created_at,
       case when attempts = 0 then created_at + interval '10 s' else now() end,
       case when attempts > 0 then created_at end, case state when 'waiting' then null else coalesce(done_at, now()) end,
       coalesce(problem, '')
  from risk_intent;

drop index risk_intent_of_entry;
drop index risk_intent_listed;
alter table risk_intent drop column state, drop column attempts, drop column done_at, drop column problem;
create index risk_intent_of_entry on risk_intent (entry_id);

create view risk_fulfilment as
select i.id, i.entry_id, i.order_id, i.kind, i.created_at, m.ended_at as done_at, m.reached as attempts,
       case when m.state in ('waiting', 'asking') then 'waiting'
            when m.state in ('done', 'withdrawn') then m.state
            else 'failed' end as state,
       case when m.state in ('done', 'withdrawn') then null
            when m.state in ('waiting', 'asking') and m.connection_id is null
                 and not exists (select from connection as c where c.kind = 'shop' and c.ready)
            then 'no shop is connected: add it in Connections'
            else nullif(m.words, '') end as problem
  from risk_intent as i
  join shop_command as m on m.id = i.id;
grant select on risk_fulfilment to opsconsole_app;

-- Jobs of what was on its way: the sender has it now.
delete from procrastinate_jobs where status = 'todo' and task_name in ('opsconsole:risk.intent', 'opsconsole:risk.notify');
