-- A gift card that pays for an order. Its code is here only until the order is answered; `card_seen_minor` is what it was shown to pay.
alter table own_order add column card_code text not null default '';
alter table own_order add column card_seen_minor integer;
alter table own_order add column card_pays_minor integer not null default 0;
alter table own_order add column card_back_minor integer not null default 0;
