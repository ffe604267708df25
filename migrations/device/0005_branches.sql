-- Where an author has two histories, the server's is held in the log and the other one is kept here.
create table other_branch (
  log {blob} not null, author {blob} not null, hash {blob} not null, record {blob} not null,
  primary key (log, author, hash)
) {keyed};
