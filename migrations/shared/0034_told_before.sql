-- A business day also changes once it is over where a record that counted is set aside, and where one that could not be read
-- counts after an update. The first leaves nothing behind from which that could be told, and of the second no record says since
-- when it counts. So what days said until then is kept as by how much they changed, beside what follows from the records.
-- A rebuild leaves it alone and uses it, as it does `heard_day`; it is in no digest.

create table told_before (
  log {blob} not null, business_day {int} not null,
  -- 2147483647: the day is not known yet.
  told_day {int} not null,
  sales {int} not null, revenue_minor {int} not null, refunded_minor {int} not null, returned_minor {int} not null,
  primary key (log, business_day, told_day)
) {keyed};
