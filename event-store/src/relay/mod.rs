//! The relay to Kafka.
