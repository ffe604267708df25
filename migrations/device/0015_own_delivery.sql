-- How the buyer's orders are handed over, where to, and what was seen before the last tap.
alter table own_order add column handing {int} not null default 1;
alter table own_order add column zone text not null default '';
alter table own_order add column delivery_minor {int} not null default 0;
alter table own_order add column contact_name text not null default '';
alter table own_order add column contact_reach text not null default '';
alter table own_order add column contact_address text not null default '';
alter table own_order add column seen_total_minor {int};

-- Whom open orders of the stalls of this device are for, as their server said: gone when the order ends.
create table order_contact (
  log {blob} not null, order_id {blob} not null, contact {blob} not null,
  primary key (log, order_id)
) {keyed};
