-- What a stall says to its cancelling of an order.
alter table own_order add column reason text not null default '';
