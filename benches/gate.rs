//! What a check at the gate costs with ten thousand live sessions, beside a bare handler of the same server; asked directly, and by nginx.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and may stop at the first surprise"
)]

mod people;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::routing::any;
use tokio::net::TcpListener;
use vestibule::app::App;
use vestibule::config::Config;
use vestibule::http::{self, Shared};
use vestibule::id::Entropy;
use vestibule::time::Clock;

const SESSIONS: usize = 10_000;
const CHECKS: usize = 20_000;
const ROUNDS: usize = 25;

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return serve();
    }
    let mut server = Server::start();
    let request = |path: &str, cookie: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: gate\r\nX-Original-Method: POST\r\nX-Original-Host: 127.0.0.1:9\r\nX-Original-URI: /v2/profiles/prf_1/call/accept\r\nX-Original-Address: 203.0.113.7\r\nSec-Fetch-Site: same-origin\r\nCookie: vestibule={cookie}\r\n\r\n"
        )
    };
    let all = |path: &str| -> Vec<String> {
        let cookies = server.cookies.iter();
        cookies.map(|cookie| request(path, cookie)).collect()
    };
    println!("asked directly");
    let (bare, checks) = (all("/bare"), all("/gate/profiles/nginx"));
    server.compare(server.address, &bare, &checks);
    match Nginx::start(server.address) {
        Some(mut nginx) => {
            println!("asked by nginx, which answers with an empty image where it hears 200");
            server.compare(nginx.address, &all("/bare"), &all("/checked"));
            nginx.child.kill().unwrap();
            nginx.child.wait().unwrap();
        }
        None => println!("nginx is not installed; not measured through it"),
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
}

/// The server, in a process of its own so that its processor time is its own.
struct Server {
    child: Child,
    address: SocketAddr,
    cookies: Vec<String>,
}

struct Figures {
    rate: f64,
    micros: f64,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let address = lines.next().unwrap().parse().unwrap();
        let cookies = lines.by_ref().take(SESSIONS).collect();
        Self {
            child,
            address,
            cookies,
        }
    }

    /// Nanoseconds of processor time that all threads of the server have used.
    fn used(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = tasks
            .map(|task| std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap());
        spent
            .map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// Both kinds of requests in turns, so that a change of the machine's speed touches both; prints medians.
    fn compare(&self, address: SocketAddr, bare: &[String], checks: &[String]) {
        self.run(address, checks, SESSIONS);
        let rounds: Vec<(Figures, Figures)> = (0..ROUNDS)
            .map(|_| {
                (
                    self.run(address, bare, CHECKS),
                    self.run(address, checks, CHECKS),
                )
            })
            .collect();
        let median = |figure: &dyn Fn(&(Figures, Figures)) -> f64| {
            let mut all: Vec<f64> = rounds.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        println!(
            "bare {:>6.0}/s {:.2} µs of processor time   check {:>6.0}/s {:.2} µs   check / bare: rate {:.2}, processor {:.2} (aim: at least 0.80 each)",
            median(&|(bare, _)| bare.rate),
            median(&|(bare, _)| bare.micros),
            median(&|(_, checked)| checked.rate),
            median(&|(_, checked)| checked.micros),
            median(&|(bare, checked)| checked.rate / bare.rate),
            median(&|(bare, checked)| bare.micros / checked.micros)
        );
    }

    /// So many requests, one after another on each of four connections.
    fn run(&self, address: SocketAddr, requests: &[String], count: usize) -> Figures {
        let (before, begun) = (self.used(), Instant::now());
        std::thread::scope(|scope| {
            for part in 0..4 {
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_nodelay(true).unwrap();
                    let mut answer = [0; 4_096];
                    for request in requests
                        .iter()
                        .cycle()
                        .skip(part * requests.len() / 4)
                        .take(count / 4)
                    {
                        stream.write_all(request.as_bytes()).unwrap();
                        let read = stream.read(&mut answer).unwrap();
                        assert!(
                            answer[..read].starts_with(b"HTTP/1.1 200"),
                            "{}",
                            String::from_utf8_lossy(&answer[..read])
                        );
                    }
                });
            }
        });
        let (took, used) = (begun.elapsed(), self.used() - before);
        let count = f64::from(u32::try_from(count).unwrap());
        Figures {
            rate: count / took.as_secs_f64(),
            micros: Duration::from_nanos(used).as_secs_f64() * 1e6 / count,
        }
    }
}

/// A gateway that asks the server about each request.
struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Starts it where it is installed.
    fn start(gate: SocketAddr) -> Option<Self> {
        let program = ["/usr/sbin/nginx", ".cache/nginx/usr/sbin/nginx"];
        let mut programs = program.into_iter().map(Path::new);
        let program = programs.find_map(|program| program.canonicalize().ok())?;
        let folder = tempfile::tempdir().unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = address.local_addr().unwrap();
        let asks = |name: &str, path: &str| {
            format!(
                "location = /ask-{name} {{ internal; proxy_pass http://gate{path}; proxy_http_version 1.1; proxy_pass_request_body off;
                   proxy_set_header Connection \"\"; proxy_set_header Content-Length \"\"; }}
                 location = /{name} {{ auth_request /ask-{name}; empty_gif; }}"
            )
        };
        let (bare, checked) = (
            asks("bare", "/bare"),
            asks("checked", "/gate/profiles/nginx"),
        );
        let configuration = format!(
            "user root; daemon off; master_process off; pid nginx.pid; error_log stderr; events {{ worker_connections 64; }}
             http {{ access_log off; keepalive_requests 10000000; client_body_temp_path body; proxy_temp_path proxy;
               fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
               upstream gate {{ server {gate}; keepalive 16; keepalive_requests 10000000; }}
               server {{ listen {address}; {bare} {checked} }} }}"
        );
        std::fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let child = Command::new(program)
            .args(["-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self {
            child,
            address,
            _folder: folder,
        })
    }
}

#[tokio::main(worker_threads = 1)]
async fn serve() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.server.public_url = "http://127.0.0.1".into();
    config.database.url = format!("sqlite://{}", folder.path().join("data/bench.db").display());
    config.gate.apps = people::apps(folder.path());
    let app = Arc::new(
        App::open(config, Clock::System, Entropy::System)
            .await
            .unwrap(),
    );
    let account = people::account(&app, |_| {}).await;
    let people = people::signed_in(&app, &account, SESSIONS).await;
    let cookies: Vec<String> = people.into_iter().map(|(_, cookie)| cookie).collect();
    let following = Arc::clone(&app);
    tokio::spawn(async move { following.access.live.follow("", &following.clock).await });
    let router = http::internal(&Shared::new(app)).route("/bare", any(async || StatusCode::OK));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    println!("{}", cookies.join("\n"));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.unwrap();
}
