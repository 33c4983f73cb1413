//! Which servers `./dev` takes for its own.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Whether Postgres and Kafka are its own, and where, of the instance in `home` with this environment.
fn own(home: &Path, environment: &[(&str, &str)]) -> String {
    let script = ". scripts/messages.sh && . scripts/instance.sh && instance_use_default &&
                  echo \"${own_postgres:-no} $pg_port ${own_kafka:-no} $kafka_port\"";
    let mut command = Command::new("bash");
    command.args(["-euc", &format!("repo=$PWD; {script}")]).current_dir(env!("CARGO_MANIFEST_DIR"));
    for name in ["DATABASE_URL", "KAFKA_BROKERS", "DAYBOOK_PG_PORT", "DAYBOOK_KAFKA_PORT", "DAYBOOK_LISTEN"] {
        command.env_remove(name);
    }
    command.env("DAYBOOK_HOME", home).envs(environment.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Guards against servers that are stopped and not started again, because the shell has the environment that leads to them.
#[test]
fn servers_that_an_instance_has_made_are_its_own_though_the_environment_names_them() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let ours = ("DATABASE_URL", "postgres://daybook:secret@127.0.0.1:56432/daybook");
    let our_kafka = ("KAFKA_BROKERS", "127.0.0.1:9993");
    assert_eq!(own(home, &[]), "yes 54329 yes 9392");
    assert_eq!(own(home, &[ours, our_kafka]), "no 54329 no 9392", "nothing was made here yet");

    fs::create_dir(home.join("kafka")).unwrap();
    let listeners = "listeners=PLAINTEXT://127.0.0.1:9993,CONTROLLER://127.0.0.1:20001\n";
    fs::write(home.join("kafka/server.properties"), listeners).unwrap();
    fs::write(home.join("secrets"), "POSTGRES_PASSWORD=other\nDAYBOOK_APP_PASSWORD=secret\n").unwrap();
    assert_eq!(own(home, &[ours, our_kafka]), "yes 56432 yes 9993");
    assert_eq!(own(home, &[ours, ("KAFKA_BROKERS", "")]), "yes 56432 no 9392");
    assert_eq!(own(home, &[ours, our_kafka, ("DAYBOOK_PG_PORT", "50000")]), "yes 50000 yes 9993");
    for theirs in [
        "postgres://daybook:another@127.0.0.1:56432/daybook",
        "postgres://daybook:secret@db.example.com:5432/daybook",
        "postgres://daybook:secret@127.0.0.1:56432/shop",
    ] {
        let kafka = ("KAFKA_BROKERS", "127.0.0.1:9092");
        assert_eq!(own(home, &[("DATABASE_URL", theirs), kafka]), "no 54329 no 9392", "{theirs}");
    }
}
