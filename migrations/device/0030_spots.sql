-- What was seen of where a stall is, when it is open, and whether the market features it, beside its card.
alter table market_stall add column spot blob;
