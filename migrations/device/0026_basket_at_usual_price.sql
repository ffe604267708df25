-- The server said that this buyer had as many at a deal's price as one may have: the line costs what it usually costs.
alter table basket_line add column is_usual integer not null default 0;
