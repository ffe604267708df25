-- Answers used to be kept for ever, each with its command's fingerprint. Now the youngest are kept in the order in
-- which they were given; of older ones only that they were given, so that a late repeat does nothing.
create table own_answer (
  place {int} primary key, command {blob} not null unique, log {blob} not null,
  fingerprint {blob} not null, outcome {blob} not null
) {strict};
insert into own_answer (command, log, fingerprint, outcome)
select command, log, fingerprint, outcome from own_command;
drop table own_command;

create table own_answered (
  command {blob} not null primary key check (length(command) = 16)
) {keyed};
