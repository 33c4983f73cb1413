//! Commands on their way to the log, the oldest first.
//!
//! They are submitted in the file's order and nearly always decided in it. Where the order matters, between parts of one
//! customer, a command names the one before it and is refused if it has overtaken that; then it is sent again when its
//! turn has come.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::decisions::{
    ImportError as Refusal, ImportOrder, ImportReturn, OutsideOrder, import_order, import_return,
};
use domain::ids::UserId;
use domain::imported::Outcome;
use domain::{Halt, StreamId};
use event_store::{Accepted, Decision, Failure, Submission};

use super::counted::Counted;
use super::document::Part;
use super::line::{Reason, Reject};
use super::{ImportError, Importer, NotAppended};

/// What is to be imported.
#[derive(Clone, Debug)]
pub enum Command {
    /// An order, adjustments of stock, or both.
    Order(ImportOrder),
    /// Goods that came back.
    Return(ImportReturn),
}

impl Command {
    /// The id of its document's part.
    pub fn document(&self) -> &str {
        match self {
            Self::Order(command) => &command.document,
            Self::Return(command) => &command.document,
        }
    }

    fn goes_after(&mut self, before: Option<String>) {
        match self {
            Self::Order(command) => command.after = before,
            Self::Return(command) => command.after = before,
        }
    }

    fn decide(&self, decision: &mut Decision<'_>) -> Result<(Outcome, u64), Halt<Refusal>> {
        let mut counted = Counted::of(decision);
        let outcome = match self {
            Self::Order(command) => import_order(&mut counted, command)?,
            Self::Return(command) => import_return(&mut counted, command)?,
        };
        Ok((outcome, counted.events))
    }
}

/// What is to be done for a part of a document, or about lines that are in none.
pub enum Work {
    /// Nothing: the log has it.
    Known(Part, Arc<Outcome>),
    /// The decider is asked.
    Ask(Box<Asked>),
    /// Nothing: these lines can't be taken.
    Rejects(Vec<Reject>),
    /// The rejects up to here are complete.
    End,
}

/// A part that the decider is asked about.
pub struct Asked {
    /// The part.
    pub part: Part,
    /// The command.
    pub command: Arc<Command>,
    /// Streams of ids that were just made up.
    pub fresh: Vec<StreamId>,
    customer_id: Option<UserId>,
}

impl Work {
    /// Asks the decider.
    pub fn ask(part: Part, command: Command, customer_id: Option<UserId>) -> Self {
        Self::Ask(Box::new(Asked { part, command: Arc::new(command), fresh: Vec::new(), customer_id }))
    }

    /// The order that is to be placed, if one is.
    pub fn order(&self) -> Option<&OutsideOrder> {
        match self {
            Self::Ask(asked) => match &*asked.command {
                Command::Order(command) => command.order.as_ref(),
                Command::Return(_) => None,
            },
            Self::Known(..) | Self::Rejects(_) | Self::End => None,
        }
    }

    /// What the decider is asked, if it is.
    pub fn asked_mut(&mut self) -> Option<&mut Asked> {
        match self {
            Self::Ask(asked) => Some(asked),
            Self::Known(..) | Self::Rejects(_) | Self::End => None,
        }
    }
}

type Answer = Result<Accepted<(Outcome, u64)>, Failure<Refusal>>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

enum Entry {
    Ready(Work),
    Asked(Box<Asked>, Answering),
}

/// How often a command is sent again when the log can't be reached for a while.
const TRIES: u32 = 5;

/// Commands on their way.
#[derive(Default)]
pub struct Flight {
    entries: VecDeque<Entry>,
    /// The last part on its way of each customer.
    last: HashMap<UserId, String>,
}

impl Flight {
    /// So many are on their way at once.
    pub const WIDTH: usize = 512;

    /// How many are on their way.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Submits a command, before this returns.
    pub fn launch(&mut self, importer: &Importer, work: Work) {
        let entry = match work {
            Work::Ask(mut asked) => {
                if let Some(customer) = asked.customer_id {
                    let document = asked.command.document().to_owned();
                    let before = self.last.insert(customer, document);
                    Arc::make_mut(&mut asked.command).goes_after(before);
                }
                let answering = submit(importer, &asked);
                Entry::Asked(asked, answering)
            }
            ready => Entry::Ready(ready),
        };
        self.entries.push_back(entry);
    }

    /// Waits for the oldest and counts what came of it.
    pub async fn land(&mut self, importer: &mut Importer) -> Result<(), ImportError> {
        match self.entries.pop_front() {
            None => Ok(()),
            Some(Entry::Ready(work)) => ready(importer, work),
            Some(Entry::Asked(asked, answering)) => {
                let answer = answered(importer, &asked, answering).await?;
                if let Some(customer) = asked.customer_id
                    && self.last.get(&customer).is_some_and(|last| last == asked.command.document())
                {
                    self.last.remove(&customer);
                }
                settle(importer, *asked, answer);
                Ok(())
            }
        }
    }
}

fn submit(importer: &Importer, asked: &Asked) -> Answering {
    let at: DateTime<Utc> = asked.part.at;
    let lines = asked.part.lines().count();
    let submission =
        Submission { fresh: asked.fresh.clone(), bytes: 512 * (lines + 2), ..importer.submission(at) };
    let (decider, command) = (importer.decider.clone(), Arc::clone(&asked.command));
    let decide = move |decision: &mut Decision<'_>| command.decide(decision);
    let mut answering: Answering = Box::pin(async move { decider.submit(submission, decide).await });
    // A submission is in the queue when it was polled for the first time.
    let mut unheard = std::task::Context::from_waker(std::task::Waker::noop());
    match answering.as_mut().poll(&mut unheard) {
        std::task::Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
        std::task::Poll::Pending => answering,
    }
}

/// The answer to the oldest command: all before it are settled, so it may go whatever it was to come after.
async fn answered(
    importer: &Importer,
    asked: &Asked,
    answering: Answering,
) -> Result<Result<(Outcome, u64), Refusal>, ImportError> {
    let mut answer = answering.await;
    let mut tries = 0;
    let mut fresh = asked.fresh.clone();
    loop {
        let pause = match answer {
            Ok(Accepted::Done { value, .. }) => return Ok(Ok(value)),
            Err(Failure::Refused(Refusal::TooEarly)) => None,
            // Certainly not in the log, or not taken at all.
            Err(Failure::Unavailable | Failure::Busy) if tries < TRIES => {
                tries += 1;
                Some(std::time::Duration::from_millis(200))
            }
            // Another import of the same file may have written what was not looked for: nothing is appended that would tell.
            Err(Failure::Refused(_)) if !fresh.is_empty() => {
                fresh.clear();
                None
            }
            Ok(Accepted::Replayed(_)) => return Err(ImportError::Log(NotAppended::OtherAnswer)),
            Err(failure) => return Ok(Err(failure.refusal()?)),
        };
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        let mut command = (*asked.command).clone();
        command.goes_after(None);
        let again = Asked {
            part: asked.part.clone(),
            command: Arc::new(command),
            fresh: fresh.clone(),
            customer_id: asked.customer_id,
        };
        answer = submit(importer, &again).await;
    }
}

fn settle(importer: &mut Importer, asked: Asked, answer: Result<(Outcome, u64), Refusal>) {
    match answer {
        Ok((outcome, events)) => {
            importer.summary.events += events;
            let rejects = importer.summary.settle(asked.part, &outcome);
            importer.rejects.add(rejects);
        }
        Err(refusal) => {
            let rejects = asked.part.refused(&Reason::Refused(Box::new(refusal)));
            importer.summary.reject(&rejects);
            importer.rejects.add(rejects);
        }
    }
}

fn ready(importer: &mut Importer, work: Work) -> Result<(), ImportError> {
    match work {
        Work::Known(part, outcome) => {
            let rejects = importer.summary.settle(part, &outcome);
            importer.rejects.add(rejects);
        }
        Work::Rejects(rejects) => {
            importer.summary.reject(&rejects);
            importer.rejects.add(rejects);
        }
        Work::End => importer.rejects.write()?,
        Work::Ask(_) => {}
    }
    Ok(())
}
