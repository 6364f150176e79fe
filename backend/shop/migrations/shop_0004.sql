-- Null: nothing was said. The VAT id in it is personal, and all that an erasure takes: figures stay whole.
alter table orders add column tax jsonb;
alter table refunds add column tax jsonb;
grant update (tax) on orders to opsconsole_eraser;
