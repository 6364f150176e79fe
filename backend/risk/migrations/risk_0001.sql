-- The order as it came is in risk_payload; of the others, what came in another form than it is kept in.
alter table risk_outcome add column given jsonb;
alter table risk_list_entry add column given text;
alter table risk_snooze add column given text;

-- The mailbox of an e-mail address and the network of an IP, to be counted beside them. Orders that became known before
-- have them too, but not how many there were with the same: that was not counted then.
alter table risk_order
    add column email_alias text,
    add column ip_network text,
    add column alias_orders_10m integer, add column alias_amount_10m bigint,
    add column alias_orders_1h integer, add column alias_amount_1h bigint,
    add column alias_orders_24h integer, add column alias_amount_24h bigint,
    add column alias_orders_7d integer, add column alias_amount_7d bigint,
    add column alias_orders_30d integer, add column alias_amount_30d bigint,
    add column network_orders_10m integer, add column network_amount_10m bigint,
    add column network_orders_1h integer, add column network_amount_1h bigint,
    add column network_orders_24h integer, add column network_amount_24h bigint,
    add column network_orders_7d integer, add column network_amount_7d bigint,
    add column network_orders_30d integer, add column network_amount_30d bigint;

-- Long histories are put into the form once; the usual five seconds are for statements that lock others out.
set local statement_timeout = '30min';

create index risk_order_by_email_alias on risk_order (email_alias, placed_at desc, seq) include (order_value)
    where email_alias is not null;
create index risk_order_by_ip_network on risk_order (ip_network, placed_at desc, seq) include (order_value)
    where ip_network is not null;
