-- Products whose owner said how much there should be are few, and are looked at whenever a device starts and goods move.
create index product_leveled on product (log, product) where low_level is not null;
