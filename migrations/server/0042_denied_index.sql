-- Payments that their provider denies are few, and /metrics counts them each time. An older program beside this one keeps it, too.
create index checkout_denied on checkout (denials) where denials > 0 and settled = 0;
