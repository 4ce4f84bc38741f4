//! Wires events as telegrams: a plugin in Rust, by `milepost/abi.h` alone. What that header says in C stands here once more in Rust.
#![allow(non_upper_case_globals)]

use std::ffi::c_void;
use std::os::raw::c_char;
use std::{ptr, slice};

// ---- milepost/abi.h ----

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    data: *const c_void,
    size: usize,
}

#[repr(C)]
pub struct Call {
    size: usize,
    this: *const c_void,
    stopped: Option<extern "C" fn(*const Call) -> i32>,
    left_ms: Option<extern "C" fn(*const Call) -> i64>,
    attempt: u32,
}

#[repr(C)]
pub struct Reply {
    size: usize,
    this: *mut c_void,
    emit: Option<extern "C" fn(*mut c_void, u32, u32, *const Bytes, usize)>,
}

type CallFn = extern "C" fn(*mut c_void, u32, *const Call, *const Bytes, usize, *const Reply) -> i32;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    size: usize,
    this: *mut c_void,
    call: CallFn,
}

#[repr(C)]
pub struct Plugin {
    size: usize,
    abi_major: u32,
    abi_minor: u32,
    sdk_version: *const c_char,
    call: CallFn,
}
unsafe impl Sync for Plugin {} // it is never written to

const ITEM: u32 = 1;
const ERROR: u32 = 2;
const DONE: i32 = 0;
const UNSUPPORTED: i32 = 1;
const MANIFEST: u32 = 1;
const CREATE: u32 = 2;
const DESTROY: u32 = 3;
const OPEN: u32 = 4;
const CLOSE: u32 = 5;
const RUN: u32 = 7;
const HOST_CLOCK: u32 = 3;
const HOST_HTTP: u32 = 4;

// ---- bytes ----

fn bytes(data: &[u8]) -> Bytes {
    Bytes { data: data.as_ptr() as *const c_void, size: data.len() }
}

/// Borrowed for as long as the host lends it: until the function returns.
fn view<'a>(part: &Bytes) -> &'a [u8] {
    if part.size == 0 {
        return &[];
    }
    unsafe { slice::from_raw_parts(part.data as *const u8, part.size) }
}

fn view_text<'a>(part: &Bytes) -> &'a str {
    std::str::from_utf8(view(part)).unwrap_or("")
}

fn emit(reply: *const Reply, index: u32, kind: u32, parts: &[Bytes]) {
    if reply.is_null() {
        return;
    }
    let reply = unsafe { &*reply };
    if let Some(emit) = reply.emit {
        emit(reply.this, index, kind, parts.as_ptr(), parts.len());
    }
}

fn emit_text(reply: *const Reply, index: u32, kind: u32, head: &str) {
    emit(reply, index, kind, &[bytes(head.as_bytes())]);
}

fn refuse(reply: *const Reply, index: u32, kind: &str, message: &str, more: &str) {
    let head = format!(r#"{{"kind": "{kind}", "message": "{message}", "origin": "telegraph: POST /parcels"{more}}}"#);
    emit_text(reply, index, ERROR, &head);
}

/// What stands after `"key":` in sound JSON. Enough for heads whose shape the ABI fixes.
fn after<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let quoted = format!("\"{key}\":");
    json.find(&quoted).map(|at| json[at + quoted.len()..].trim_start())
}

fn number(text: Option<&str>) -> Option<i64> {
    let text = text?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
    text[..end].parse().ok()
}

// ---- the plugin ----

const kManifest: &str = r#"{"name": "telegraph", "version": "1.0.0", "summary": "Telegrams, from Rust.",
  "connection": {"settings": {"type": "object", "additionalProperties": false, "required": ["base_url", "token"],
    "properties": {"base_url": {"type": "string", "description": "API root."},
                   "token": {"type": "string", "description": "API token.", "x-secret": true}}},
    "credentials": {"scheme": "bearer", "token": "token"}},
  "actions": [{"name": "wire", "summary": "Wires the event's payload as it is.",
    "settings": {"type": "object", "additionalProperties": false, "properties": {}},
    "traits": {"max_batch": 5, "replay": "never", "effect": "mail"}}]}"#;

struct Instance {
    host: Host, // a copy: the host's struct is borrowed during CREATE only
}

/// The first key of the object that `json` begins with which is none of ours; or that base_url is missing.
fn settings_fault(json: &str) -> Option<String> {
    let (mut depth, mut known, mut chars) = (0, false, json.char_indices());
    while let Some((_, c)) = chars.next() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            '"' => {
                let mut text = String::new();
                let mut end = json.len();
                while let Some((at, c)) = chars.next() {
                    match c {
                        '\\' => text.extend(chars.next().map(|(_, c)| c)),
                        '"' => {
                            end = at + 1;
                            break;
                        }
                        c => text.push(c),
                    }
                }
                if depth != 1 || !json[end..].starts_with(':') {
                    continue;
                }
                match text.as_str() {
                    "base_url" => known = true,
                    "token" => {}
                    _ => return Some(format!("{text}: unknown key")),
                }
            }
            _ => {}
        }
    }
    if known { None } else { Some("base_url: missing".to_string()) }
}

fn create(parts: &[Bytes], reply: *const Reply) -> i32 {
    if parts.len() < 2 || parts[1].size < std::mem::size_of::<Host>() {
        refuse(reply, 0, "internal", "CREATE needs a host table", "");
        return DONE;
    }
    let head = view_text(&parts[0]);
    if head.contains(r#""kind":"connection""#) {
        if let Some(fault) = after(head, "settings").and_then(settings_fault) {
            refuse(reply, 0, "permanent", &fault, "");
            return DONE;
        }
    }
    let host = unsafe { ptr::read_unaligned(parts[1].data as *const Host) };
    let made = Box::into_raw(Box::new(Instance { host }));
    let made_at = &made as *const *mut Instance as *const c_void;
    emit(reply, 0, ITEM, &[bytes(b"{}"), Bytes { data: made_at, size: std::mem::size_of::<*mut Instance>() }]);
    DONE
}

/// The kind and the head of what a service of the host gave.
struct Answer {
    kind: u32,
    head: String,
}

extern "C" fn take(this: *mut c_void, _index: u32, kind: u32, parts: *const Bytes, n: usize) {
    let answer = unsafe { &mut *(this as *mut Answer) };
    answer.kind = kind;
    if n > 0 {
        answer.head = view_text(unsafe { &*parts }).to_string();
    }
}

impl Instance {
    fn ask(&self, op: u32, call: *const Call, parts: &[Bytes]) -> Answer {
        let mut answer = Answer { kind: 0, head: String::new() };
        let reply = Reply { size: std::mem::size_of::<Reply>(), this: &mut answer as *mut Answer as *mut c_void, emit: Some(take) };
        (self.host.call)(self.host.this, op, call, parts.as_ptr(), parts.len(), &reply);
        answer
    }

    /// One request for each delivery; none is repeated here.
    fn wire(&self, call: *const Call, payload: Bytes, index: u32, reply: *const Reply) {
        let head = br#"{"method": "POST", "target": "/parcels", "intent": "once", "headers": [["Content-Type", "application/json"]]}"#;
        let answer = self.ask(HOST_HTTP, call, &[bytes(head), payload]);
        let status = number(after(&answer.head, "status")).unwrap_or(0);
        if answer.kind == ERROR {
            return emit_text(reply, index, ERROR, &answer.head); // no answer: its kind follows from the intent
        }
        if (200..300).contains(&status) {
            return emit_text(reply, index, ITEM, r#"{"effect": "created", "body": {}}"#);
        }
        let now = number(after(&self.ask(HOST_CLOCK, call, &[bytes(b"{}")]).head, "us")).unwrap_or(0) / 1_000_000;
        let wait = retry_after(&answer.head, now);
        let kind = match status {
            429 => "rate_limited",
            503 if wait.is_some() => "rate_limited",
            503 => "retryable",
            401 | 403 => "auth",
            501 | 505 => "permanent",
            408 | 500..=599 => "indeterminate",
            _ => "permanent",
        };
        let more = wait.map_or(String::new(), |seconds| format!(r#", "retry_after_ms": {}"#, seconds * 1000));
        refuse(reply, index, kind, &format!("the vendor answered {status}"), &more);
    }
}

/// `Retry-After` in seconds, or as a date such as "Fri, 20 Nov 2026 12:00:00 GMT".
fn retry_after(headers: &str, now: i64) -> Option<i64> {
    let name = "\"Retry-After\",\"";
    let given = &headers[headers.find(name)? + name.len()..];
    let given = &given[..given.find('"')?];
    if let Ok(seconds) = given.parse() {
        return Some(seconds);
    }
    let words: Vec<&str> = given.split(|c| c == ' ' || c == ':').collect();
    if words.len() != 8 {
        return None;
    }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|m| *m == words[2])? as i64 + 1;
    let of = |i: usize| words[i].parse::<i64>().ok();
    // Days since 1970 by Howard Hinnant's days_from_civil: years begin in March.
    let year = of(3)? - if month <= 2 { 1 } else { 0 };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + of(1)? - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + of(4)? * 3600 + of(5)? * 60 + of(6)? - now).max(0))
}

extern "C" fn call(this: *mut c_void, op: u32, call: *const Call, parts: *const Bytes, n: usize, reply: *const Reply) -> i32 {
    let parts: &[Bytes] = if n == 0 { &[] } else { unsafe { slice::from_raw_parts(parts, n) } };
    let on = this as *mut Instance;
    match op {
        MANIFEST => emit_text(reply, 0, ITEM, kManifest),
        CREATE => return create(parts, reply),
        DESTROY => drop(unsafe { Box::from_raw(on) }),
        OPEN => emit_text(reply, 0, ITEM, "{}"),
        CLOSE => {}
        RUN => {
            for (index, delivery) in parts[1..].chunks_exact(2).enumerate() {
                unsafe { &*on }.wire(call, delivery[1], index as u32, reply);
            }
        }
        _ => return UNSUPPORTED,
    }
    DONE
}

#[no_mangle]
pub static milepost_plugin_v1: Plugin = Plugin {
    size: std::mem::size_of::<Plugin>(),
    abi_major: 1,
    abi_minor: 0,
    sdk_version: b"0.1.0\0".as_ptr() as *const c_char,
    call,
};
