-- What the quantity of an ordered line is counted in; 1 is pieces, as all were shown before.
alter table own_order_line add column unit {int} not null default 1;
