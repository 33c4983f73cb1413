//! How a consumer of the topics knows its position in the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::topics::Topics;
use crate::head::{BadHead, Head};

/// Says: who has read each partition up to these offsets has seen every published event up to this position.
///
/// What it has then to apply are the events above its last watermark's position, up to this one's, each once: after
/// a crash of the relay some come twice, or stand before the offsets although their position is higher, and all
/// those come again after the offsets. In every partition the first appearances are in the order of the log, so
/// a consumer that needs no watermarks skips what is not above the highest position that it has seen there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The end of a group.
    pub position: i64,
    /// The chain's hash there, hexadecimal.
    pub hash: String,
    /// For each topic of events the end offset of each partition: of the next record after those that count.
    pub partitions: BTreeMap<String, Vec<i64>>,
}

impl Watermark {
    /// The key of every record of the topic: only the last one matters in the end.
    pub const KEY: &str = "watermark";

    /// The place in the log, to be kept as a checkpoint.
    pub fn head(&self) -> Result<Head, BadHead> {
        format!("{}:{}", self.position, self.hash).parse()
    }

    pub(super) fn new(head: Head, topics: &Topics, ends: &EndOffsets) -> Self {
        let partitions = topics
            .events()
            .iter()
            .cloned()
            .zip(ends.0.chunks(topics.partitions).map(<[i64]>::to_vec))
            .collect();
        Self { position: head.position, hash: head.hash.to_string(), partitions }
    }
}

/// The end offset of each partition of each topic of events, topic after topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndOffsets(Vec<i64>);

impl EndOffsets {
    pub(super) fn new(offsets: Vec<i64>) -> Self {
        Self(offsets)
    }

    /// Moves on to what has been acknowledged; 0 where nothing was.
    pub(super) fn advance(&mut self, acknowledged: impl Iterator<Item = i64>) {
        for (end, acknowledged) in self.0.iter_mut().zip(acknowledged) {
            *end = acknowledged.max(*end);
        }
    }
}
