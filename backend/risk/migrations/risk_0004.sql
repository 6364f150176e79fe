-- Long histories are put into the form once; the usual five seconds are for statements that lock others out.
set local statement_timeout = '30min';

-- As backend.core.search has it: the small letter of a Turkish capital is one letter, and a sigma the same everywhere.
create or replace function risk_words(order_id text, customer_id text, card_country text, ip_country text, rules text[])
returns text language sql immutable parallel safe
    return translate(lower(translate(concat_ws(E'\n', '', order_id, customer_id, card_country, ip_country,
                                               array_to_string(rules, E'\n')), 'İ', 'i')), 'ς', 'σ');
alter table risk_entry alter column words
    set expression as (risk_words(order_id, customer_id, card_country, ip_country, triggered));
