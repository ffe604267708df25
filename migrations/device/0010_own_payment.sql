-- How a buyer pays for an order, and what the server last said of that. `pay_way` 0 is at hand-over.
alter table own_order add column pay_way {int} not null default 0;
alter table own_order add column pay_phone text not null default '';
alter table own_order add column pay_state {int} not null default 0;
alter table own_order add column pay_page text not null default '';
