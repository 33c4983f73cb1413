//! How far a process manager has come that does many things at a time.

use std::collections::VecDeque;

use event_store::Head;

/// Batches that were begun and, from the front, not finished.
#[derive(Debug)]
pub struct Progress {
    done: Head,
    begun: VecDeque<(Head, usize)>,
    /// The number of the batch at the front.
    first: u64,
}

/// A batch that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchNumber(u64);

impl Progress {
    /// Everything up to `done` is finished.
    pub fn from(done: Head) -> Self {
        Self { done, begun: VecDeque::new(), first: 0 }
    }

    /// Begins the batch that ends at `head` and has so much to do.
    pub fn begin(&mut self, head: Head, tasks: usize) -> BatchNumber {
        // Of a batch with nothing to do only its end counts, which is where the one before it ends then.
        match self.begun.back_mut() {
            Some((end, _)) if tasks == 0 => *end = head,
            Some(_) | None => self.begun.push_back((head, tasks)),
        }
        let number = BatchNumber(self.first + self.begun.len() as u64 - 1);
        self.settle();
        number
    }

    /// One thing of a batch is done.
    pub fn finish_one(&mut self, BatchNumber(number): BatchNumber) {
        let place = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if let Some((_, left)) = self.begun.get_mut(place) {
            *left = left.saturating_sub(1);
        }
        self.settle();
    }

    /// Up to where everything is done: the checkpoint.
    pub fn done(&self) -> Head {
        self.done
    }

    fn settle(&mut self) {
        while let Some((head, 0)) = self.begun.front() {
            self.done = *head;
            self.begun.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use event_store::Hash;

    use super::*;

    fn at(position: i64) -> Head {
        Head { position, hash: Hash::ZERO }
    }

    #[test]
    fn the_checkpoint_is_before_the_oldest_thing_that_is_not_done() {
        let mut progress = Progress::from(Head::EMPTY);
        progress.begin(at(3), 0);
        assert_eq!(progress.done(), at(3));
        let slow = progress.begin(at(5), 1);
        let quick = progress.begin(at(9), 2);
        progress.finish_one(quick);
        progress.finish_one(quick);
        progress.begin(at(12), 0);
        assert_eq!(progress.done(), at(3));
        for position in 13..1_000 {
            progress.begin(at(position), 0);
        }
        assert!(
            progress.begun.len() <= 2,
            "what has nothing to do takes no room, however long something takes"
        );
        progress.finish_one(slow);
        assert_eq!(progress.done(), at(999));
    }
}
