//! A receiver that answers as it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What came with one request.
#[derive(Debug, Clone)]
pub(super) struct Got {
    pub(super) headers: HashMap<String, String>,
    pub(super) body: String,
}

/// What it answers: the status, further lines, and after how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    pub(super) status: u16,
    pub(super) line: &'static str,
    pub(super) after: Duration,
}

#[derive(Clone)]
pub(super) struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<Answers>>,
}

impl Receiver {
    pub(super) async fn new(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            got: Arc::default(),
            answers: Arc::new(Mutex::new(Answers {
                status,
                line: "",
                after: Duration::ZERO,
            })),
        };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.answer(stream).await });
            }
        });
        receiver
    }

    async fn answer(&self, mut stream: tokio::net::TcpStream) {
        let mut text = Vec::new();
        let got = loop {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap_or_default();
            if read == 0 {
                return;
            }
            text.extend_from_slice(&buffer[..read]);
            if let Some(got) = whole(&String::from_utf8_lossy(&text)) {
                break got;
            }
        };
        self.got.lock().unwrap().push(got);
        let Answers {
            status,
            line,
            after,
        } = *self.answers.lock().unwrap();
        tokio::time::sleep(after).await;
        let answer =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{line}Content-Length: 0\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub(super) fn now_answers(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    pub(super) fn now_says(&self, status: u16) {
        self.answers.lock().unwrap().status = status;
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    pub(super) fn kinds(&self) -> Vec<String> {
        let got = self.got();
        got.iter().map(|got| super::kind(&got.body)).collect()
    }
}

fn whole(text: &str) -> Option<Got> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let headers: HashMap<String, String> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    (body.len() >= length).then(|| Got {
        headers,
        body: body.to_owned(),
    })
}
