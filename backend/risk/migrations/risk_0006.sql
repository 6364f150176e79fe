grant select, update (customer_id, email, email_alias, ip, ip_network, card, device) on risk_order to opsconsole_eraser;
grant select, update (customer_id, email, card, card_last4, ip, device, proposed_notes) on risk_entry to opsconsole_eraser;
grant select, update (payload) on risk_payload to opsconsole_eraser;
grant select, update (explanation) on risk_decision to opsconsole_eraser;
grant select, update (body) on risk_note to opsconsole_eraser;
grant select, update (customer_id, given) on risk_outcome to opsconsole_eraser;
grant maintain on risk_order, risk_outcome, risk_entry to opsconsole_eraser;
grant select on risk_list_entry, risk_snooze to opsconsole_eraser;
