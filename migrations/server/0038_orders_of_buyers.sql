-- What one person ordered at all stalls, the youngest first.
create index orders_of_buyers on orders (buyer, at_ms);
