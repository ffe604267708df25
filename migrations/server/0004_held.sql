-- How many orders a buyer has open is asked with every order.
create index orders_buyer on orders (log, buyer);
