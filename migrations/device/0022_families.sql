-- Which offers are variants of what, so that a family stands once in a list: the column is filled as offers are seen again.
alter table market_offer add column variant_of {blob};
create index market_offer_variant on market_offer (stall, variant_of);
