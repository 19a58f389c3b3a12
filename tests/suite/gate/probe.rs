//! The probe of a gateway, before small servers that are good or bad ones.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use serde_json::Value;

const CLOSED: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A gateway that answers by what it is sent.
fn gateway(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = serve(stream.unwrap(), &answer);
        }
    });
    format!("http://{address}/v2/profiles")
}

fn serve(mut stream: TcpStream, answer: &impl Fn(&str) -> String) -> std::io::Result<()> {
    let mut request = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request)? > 0 {}
    stream.write_all(answer(&request.to_lowercase()).as_bytes())
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Its exit code, and what it says.
fn probe(words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .args(["gate", "probe"])
        .args(words)
        .env_clear()
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// What it found to be unsafe.
fn flaws(address: &str) -> Vec<String> {
    let (code, text) = probe(&[address, "--json"]);
    let said: Value = serde_json::from_str(&text).unwrap();
    let findings = said["findings"].as_array().unwrap();
    let flaws = findings.iter().filter(|found| found["safe"] == false);
    let flaws: Vec<String> = flaws
        .map(|found| {
            found["sent"]
                .as_str()
                .unwrap()
                .split(':')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(code, Some(i32::from(!flaws.is_empty())), "{text}");
    flaws
}

#[test]
fn a_gateway_that_opens_nothing_is_safe() {
    let address = gateway(|_| CLOSED.to_owned());

    let (code, text) = probe(&[&address]);

    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("attempts were answered safely"), "{text}");
    assert!(text.contains("--echo"), "{text}");
}

#[test]
fn a_gateway_that_believes_a_client_is_named_with_what_it_believes() {
    let by_header = gateway(|request| {
        if request.contains("x-forwarded-uri:") || request.contains("x_vestibule_user:") {
            ok("secrets")
        } else {
            CLOSED.to_owned()
        }
    });
    let by_path = gateway(|request| {
        if request.starts_with("get //") || request.contains("..%2f..%2fmetrics") {
            ok("secrets")
        } else {
            CLOSED.to_owned()
        }
    });
    let by_host = gateway(|request| {
        let host = request
            .split("\r\nhost: ")
            .nth(1)
            .and_then(|rest| rest.lines().next())
            .unwrap();
        let to = format!("http://{host}/.vestibule/start?to=%2f");
        format!(
            "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    });
    let open = gateway(|_| ok("everything"));

    let found = flaws(&by_header);
    assert_eq!(found[..2], ["x-forwarded-uri", "x_vestibule_user"]);
    assert!(
        found[2].ends_with(", x-forwarded-uri") && found.len() == 3,
        "{found:?}"
    );
    let ways = [
        "GET //v2/profiles",
        "GET /.vestibule/..%2f..%2fmetrics",
        "GET /.vestibule/..%2f..%2f..%2fmetrics",
    ];
    assert_eq!(flaws(&by_path), ways);
    assert_eq!(flaws(&by_host), ["host"]);
    assert_eq!(flaws(&open), ["nothing"]);
}

#[test]
fn an_address_that_tells_nothing_is_said_to() {
    let missing = gateway(|_| CLOSED.replace("401 Unauthorized", "404 Not Found"));
    let elsewhere =
        gateway(|_| CLOSED.replace("401 Unauthorized", "301 Moved\r\nlocation: https://a.test/"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("somebody");
    std::fs::write(&file, "Cookie vestibule=secret").unwrap();
    let closed = gateway(|_| CLOSED.to_owned());

    for (words, says) in [
        (vec![missing.as_str()], "answers 404"),
        (vec![elsewhere.as_str()], "answers 301, to https://a.test/"),
        (vec!["ftp://a.test/"], "is not an address such as"),
        (
            vec![closed.as_str(), "--credentials", file.to_str().unwrap()],
            "line 1 of",
        ),
    ] {
        let (code, text) = probe(&words);

        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(says), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
