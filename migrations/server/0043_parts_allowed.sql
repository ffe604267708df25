-- Parts of orders' money that are allowed to go back to whoever paid: those that nobody remembers are looked for each minute.
create index order_refund_allowed on order_refund (log, order_id) where what = 2 and way = 1;
