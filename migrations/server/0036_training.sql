-- Who trains now, of several servers on one store: one at a time. Who does not say that it goes on has ended.
create table training (
    only_row {int} not null primary key check (only_row = 1),
    holder {blob} not null,
    until_ms {int} not null
) {strict};
