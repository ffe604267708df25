-- What a stall's server last called a rate, so that a device calls it so, too, where it works an order out alone. A rate that several taxes
-- have is called by none of them.
create table tax_name (
  stall {blob} not null, ppm {int} not null, is_inclusive {int} not null, label text not null,
  primary key (stall, ppm, is_inclusive)
) {keyed};
