-- Why an own order ended without its goods, by the number that its record has; 0 did not, or is not known.
alter table own_order add column ended integer not null default 0;
