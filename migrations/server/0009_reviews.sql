-- What buyers say of what they bought, one review for each purchase: a product on an order. People wrote it, so it is no
-- record: it is changed by whoever wrote it, hidden by the operator with a reason, and erased with its account.
create table review (
    -- Made of the three below. It is shown to everybody; an order's identity is not.
    review {blob} not null primary key,
    log {blob} not null,
    order_id {blob} not null,
    product {blob} not null,
    buyer {blob} not null,
    stars {int} not null,
    words text not null,
    written_ms {int} not null,
    changed_ms {int} not null,
    answer text not null,
    answered_ms {int},
    -- Empty is not hidden.
    hidden_because text not null
) {strict};
create index review_product on review (log, product, written_ms);
create index review_stall on review (log, written_ms);
create index review_buyer on review (buyer);
create index review_written on review (written_ms);

-- What is shown of a product's reviews, added up: lists read it with each row.
create table review_sum (
    log {blob} not null,
    product {blob} not null,
    reviews {int} not null,
    stars {int} not null,
    primary key (log, product)
) {keyed};
