//! Takes connections: a bounded number, and none that takes its time to say what it wants.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// The head of a request has to be there by then; half a head must not hold a connection for ever.
const HEAD: Duration = Duration::from_secs(10);
/// Connections held at once; the next ones wait in the system's queue.
const MOST: usize = 4_096;
/// Open requests may take that long when the server stops.
const LAST: Duration = Duration::from_secs(30);

/// Serves `app` on `listener` until `stop` turns true, and lets open requests end.
pub(super) async fn accept(listener: TcpListener, app: Router, mut stop: watch::Receiver<bool>) {
    let (graceful, free) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MOST)));
    loop {
        let Ok(place) = Arc::clone(&free).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            // An error means that nobody is left who could tell: then it is time to stop as well.
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = graceful.watch(connection(stream, peer, &app));
                tokio::spawn(async move {
                    if let Err(cause) = connection.await {
                        tracing::debug!(%cause, %peer, "connection ended");
                    }
                    drop(place);
                });
            }
            Err(cause) => {
                // Too many open files, most likely: it passes, and must not become a busy loop.
                tracing::error!(%cause, "a connection was not taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(LAST) => {}
    }
}

type Connection = hyper::server::conn::http1::Connection<
    TokioIo<TcpStream>,
    TowerToHyperService<axum::middleware::AddExtension<Router, ConnectInfo<SocketAddr>>>,
>;

fn connection(stream: TcpStream, peer: SocketAddr, app: &Router) -> Connection {
    let service = tower::ServiceBuilder::new()
        .layer(Extension(ConnectInfo(peer)))
        .service(app.clone());
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}
