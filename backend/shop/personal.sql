-- name: export_orders
select id, placed_at, settled_at, customer_id, country, currency, minor, tax ->> 'vatId' as vat_id from orders
 where customer_id = any (%(customers)s::text[]) and (%(after)s::text is null or id > %(after)s)
 order by id limit %(limit)s

-- name: erase_orders
-- Never the rows: figures and taxes are made of them.
with found as (select id from orders
                where customer_id = any (%(customers)s::text[]) and placed_at <= %(before)s limit %(limit)s)
update orders as o set customer_id = null, given = o.given - 'customerId', tax = o.tax - 'vatId' from found as f where o.id = f.id returning o.id

-- name: export_quarantine
select id, kind, source_row, received_at from quarantine
 where source_row::text like any (%(patterns)s::text[]) and (%(after)s::uuid is null or id > %(after)s::uuid)
 order by id limit %(limit)s

-- name: erase_quarantine
with found as (select id from quarantine
                where source_row::text like any (%(patterns)s::text[]) and received_at <= %(before)s limit %(limit)s)
delete from quarantine as q using found as f where q.id = f.id returning q.id

-- name: count_quarantine
select count(*) from quarantine where received_at < %(before)s

-- name: forget_quarantine
with found as (select id from quarantine where received_at < %(before)s order by received_at limit %(limit)s)
delete from quarantine as q using found as f where q.id = f.id
