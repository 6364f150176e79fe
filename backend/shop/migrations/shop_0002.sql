-- Long histories are put into the form once; the usual five seconds are for statements that lock others out.
set local statement_timeout = '30min';

-- What was given back of an order altogether.
create index refunds_of_order on refunds (order_id) where order_id is not null;
