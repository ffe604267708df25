-- Imports of products: the file as it came, how it is read, how far it was taken, and what stood there before, so that
-- one tap undoes it. The last few are kept.
create table own_import (
  place {int} primary key, import {blob} not null unique, log {blob} not null,
  file_name text not null, file {blob} not null,
  -- How it is read; empty until it was begun.
  choice {blob} not null,
  -- Rows that were taken so far, and how many of those were undone again.
  taken {int} not null, undone {int} not null, at_ms {int} not null
) {strict};

-- What the import did to each product. Without a `before` it made it.
create table own_import_row (
  import {blob} not null, place {int} not null, product {blob} not null, before {blob},
  received {int} not null,
  primary key (import, place)
) {keyed};

-- The categories that it made.
create table own_import_category (
  import {blob} not null, category {blob} not null,
  primary key (import, category)
) {keyed};
