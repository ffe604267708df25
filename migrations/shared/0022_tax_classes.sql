-- Taxes that products share. An older program read neither: the tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

create table tax_class (
  log {blob} not null, class {blob} not null, label text not null, ppm {int} not null, inclusive {int} not null,
  primary key (log, class)
) {strict};

-- What counts stands in tax_ppm, tax_inclusive and tax_label; what the product says of itself beside it.
alter table product add column tax_class {blob};
alter table product add column tax_label text not null default '';
alter table product add column own_tax_ppm {int} not null default 0;
alter table product add column own_tax_inclusive {int} not null default 0;
create index product_tax_class on product (log, tax_class);
