set local statement_timeout = '30min';

create index orders_of_customer on orders (customer_id, id) where customer_id is not null;
grant select, update (customer_id, given) on orders to opsconsole_eraser;
grant select, delete on quarantine to opsconsole_eraser;
-- What the planner knows of a column is made anew once it was erased.
grant maintain on orders, quarantine to opsconsole_eraser;
