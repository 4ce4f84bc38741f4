#include "host/config/shapes.hpp"

#include <stdexcept>
#include <string>

#include "host/config/readers.hpp"

namespace milepost::config {

const Json& shapes() {
  static const Json own = Json::parse(R"json({
"definitions": {
  "host": {
    "type": "object", "description": "The host's settings. Every key has a default, and an empty file runs.",
    "properties": {
      "listen": {"$ref": "#/definitions/listen", "description": "Where the host listens."},
      "store": {"type": "string", "default": "data/milepost.db", "description": "The embedded store's file. Its folder also holds the lock, admin.sock and owner.key."},
      "plugins": {"type": ["array", "string"], "items": {"type": "string"}, "default": ["plugins"], "description": "Folders that are searched for plugins, after the built-in one."},
      "secrets": {"$ref": "#/definitions/secrets", "description": "Where the values of !secret NAME come from: exactly one of file, env and folder."},
      "limits": {"$ref": "#/definitions/limits", "description": "What the listener and the store bear before deliveries are turned away."},
      "reload": {"type": "string", "enum": ["manual", "watch"], "default": "manual", "description": "When a running host takes the folder with its changes. manual: on SIGHUP and by apply; watch: also as soon as a file changes."},
      "retention": {"$ref": "#/definitions/retention", "description": "How long the store keeps what is finished."},
      "tls": {"$ref": "#/definitions/tls", "x-optional": true, "description": "TLS on the hooks listener."}
    }
  },
  "listen": {
    "type": "object",
    "properties": {
      "hooks": {"type": "string", "format": "address", "default": "127.0.0.1:8080", "description": "Webhooks come in here."},
      "admin": {"type": "string", "format": "address", "default": "127.0.0.1:8081", "description": "API, health and metrics."}
    }
  },
  "secrets": {
    "type": "object", "maxProperties": 1, "default": {"file": "secrets.yaml"},
    "properties": {
      "file": {"type": "string", "description": "A YAML file of names and values, mode 0600."},
      "env": {"type": "string", "description": "A prefix: the secret hubspot_token is the environment variable PREFIXHUBSPOT_TOKEN."},
      "folder": {"type": "string", "description": "A folder with a file for each secret, such as /run/secrets."}
    }
  },
  "limits": {
    "type": "object",
    "properties": {
      "body": {"type": "string", "format": "size", "x-least": "1 B", "x-most": "1 GiB", "default": "1 MiB", "description": "The largest body of a webhook; 413 beyond."},
      "header_timeout": {"type": "string", "format": "duration", "x-least": "100ms", "x-most": "1h", "default": "10s", "description": "How long a request's head may take."},
      "body_timeout": {"type": "string", "format": "duration", "x-least": "100ms", "x-most": "1h", "default": "30s", "description": "How long a request's body may take."},
      "connections": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 4096, "description": "Connections at once."},
      "drain": {"type": "string", "format": "duration", "x-least": "0s", "x-most": "1h", "default": "10s", "description": "How long SIGTERM waits for what is in flight."},
      "store": {"type": "string", "format": "size", "x-least": "0 B", "x-most": "1048576 GiB", "default": "100 GiB", "description": "The most that the store may hold, its WAL included; 0 B: no limit."},
      "free": {"type": "string", "format": "size", "x-least": "0 B", "x-most": "1048576 GiB", "default": "500 MiB", "description": "What stays free on the store's disk; 0 B: no limit."},
      "backlog": {"type": "string", "format": "duration", "x-least": "0s", "x-most": "3650d", "default": "1d", "description": "How long an event may wait for its turn; 0s: no limit."}
    }
  },
  "retention": {
    "type": "object",
    "properties": {
      "events": {"type": "string", "format": "duration", "x-or": "forever", "x-least": "1m", "x-most": "36500d", "default": "90d", "description": "How long events are kept, or forever."},
      "ids": {"type": "string", "format": "duration", "x-or": "forever", "x-least": "1m", "x-most": "36500d", "default": "400d", "description": "How long an id is known, so that a second delivery is a duplicate; at least as long as events."}
    }
  },
  "tls": {
    "type": "object", "required": ["certificate", "key"],
    "properties": {
      "certificate": {"type": "string", "description": "The certificate and its chain, PEM."},
      "key": {"type": "string", "description": "Its private key, PEM."}
    }
  },

  "connection": {
    "type": "object", "required": ["connection", "use"], "description": "One account at a vendor, shared by pipelines.",
    "properties": {
      "connection": {"type": "string", "format": "name", "description": "The name by which steps and sources name it."},
      "use": {"type": "string", "x-installed": "connectors", "description": "The plugin."},
      "with": {"type": "object", "description": "The plugin's settings."},
      "limit": {"$ref": "#/definitions/limit", "description": "What the vendor's account bears, for all pipelines together."},
      "isolation": {"x-optional": true, "description": "process: the plugin's code runs in a child of the host.",
                    "anyOf": [{"type": "string", "enum": ["process"]}, {"$ref": "#/definitions/isolation"}]},
      "allow": {"type": "string", "enum": ["private"], "description": "private: loopback, private and link-local addresses may be called."}
    }
  },
  "limit": {
    "type": "object",
    "properties": {
      "rate": {"type": "string", "format": "rate", "description": "Calls per time, such as 100 per 10s. Without it there is no limit."},
      "in_flight": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 4, "description": "Calls at once."},
      "timeout": {"type": "string", "format": "duration", "x-least": "10ms", "x-most": "1h", "default": "10s", "description": "How long one call may take."},
      "breaker": {"$ref": "#/definitions/breaker", "description": "After so many calls in a row that failed the connection rests; then one call tries."}
    }
  },
  "breaker": {
    "type": "object",
    "properties": {
      "after": {"type": "integer", "minimum": 0, "maximum": 10000, "default": 10, "description": "Failed calls in a row; 0: never."},
      "wait": {"type": "string", "format": "duration", "x-least": "10ms", "x-most": "1h", "default": "5s", "description": "The first rest; it doubles, up to a minute, while the try fails."}
    }
  },
  "isolation": {
    "type": "object", "required": ["process"],
    "properties": {"process": {"$ref": "#/definitions/process", "description": "The bounds of the plugin's process."}}
  },
  "process": {
    "type": "object",
    "properties": {
      "memory": {"type": "string", "format": "size", "x-least": "16 MiB", "x-most": "64 GiB", "default": "256 MiB", "description": "Address space for the plugin."},
      "cpu": {"type": "string", "format": "duration", "x-least": "1s", "x-most": "1h", "default": "10s", "description": "Processor time that one call may use."},
      "files": {"type": "integer", "minimum": 8, "maximum": 4096, "default": 64, "description": "Open files of its own."}
    }
  },

  "pipeline": {
    "type": "object", "required": ["pipeline", "source", "steps"], "description": "A source, how its payload becomes an event, and the steps.",
    "properties": {
      "pipeline": {"type": "string", "format": "name", "description": "The pipeline's name, in the API, logs and the audit trail."},
      "description": {"type": "string", "default": "", "description": "What it is for."},
      "owner": {"type": "string", "default": "", "description": "Who answers for it."},
      "template": {"$ref": "#/definitions/copied", "x-optional": true, "description": "What this pipeline is a copy of."},
      "source": {"description": "Where events come from: one source, or a list of them.",
                 "anyOf": [{"$ref": "#/definitions/source"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/source"}}]},
      "event": {"$ref": "#/definitions/event", "description": "How a payload becomes an event."},
      "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/step"}, "description": "What is done, in this order."},
      "on_failure": {"type": "string", "enum": ["dead_letter", "continue"], "default": "dead_letter", "description": "When a step gives up: dead_letter keeps the event for a person, continue goes on with the next step."}
    }
  },
  "loans": {
    "type": "object", "description": "How loans go through the house, and what keeps their mail from going wrong.",
    "properties": {
      "stages": {"type": ["array", "string"], "items": {"type": "string"}, "description": "The stages on the way, in order. Default: inquiry, pre-qual, docs, underwriting, approval, funding."},
      "terminal": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Where a loan ends otherwise. Default: denied, withdrawn, adverse."},
      "moves": {"type": "object", "additionalProperties": {"type": ["array", "string"], "items": {"type": "string"}}, "description": "From a stage, where it may go; one that is not listed goes to any later stage, or any terminal one."},
      "synonyms": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}}, "description": "For a pipeline, a source or any: its word for a stage."},
      "service_levels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "How long a loan may stay in a stage: 5 business days, or 72h."},
      "calendar": {"$ref": "#/definitions/calendar", "description": "Business days."},
      "clock_tolerance": {"type": "string", "format": "duration", "x-least": "0s", "x-most": "1d", "default": "5m", "description": "How far an event's time may be ahead of its arrival."},
      "mail": {"$ref": "#/definitions/mail", "x-optional": true, "description": "What stands between a step that mails and the letter box."},
      "systems": {"type": "object", "additionalProperties": {"type": ["array", "string"], "items": {"type": "string"}}, "description": "The systems that tell of loans and are told: each with the connectors, connections, pipelines and sources that are its own."},
      "owners": {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/owned"}]}, "description": "Fields that systems share: which system has the say over each; any: whoever changed it last."}
    }
  },
  "owned": {
    "type": "object", "required": ["owner"],
    "properties": {
      "owner": {"type": ["array", "string"], "items": {"type": "string"}, "description": "The one system that has the say; any: whoever changed it last."},
      "otherwise": {"type": "string", "enum": ["keep", "take", "task"], "default": "keep", "description": "What becomes of another system's change: keep the owner's value and write it back, take the other one, or leave a task for a person."},
      "compare": {"type": "string", "enum": ["exact", "text", "phone", "number", "date"], "default": "exact", "description": "When two values are the same, however a system writes them."}
    }
  },
  "calendar": {
    "type": "object",
    "properties": {
      "zone": {"type": "string", "format": "zone", "description": "Whose days: an IANA name such as America/New_York."},
      "weekdays": {"type": ["array", "string"], "items": {"type": "string", "enum": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]}, "description": "The working days. Default: mon to fri."},
      "holidays": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Days off: 2026-11-26, or \"12-25\" for each year."}
    }
  },
  "mail": {
    "type": "object",
    "properties": {
      "do_not_mail": {"type": "string", "x-evaluated": "expression", "default": "loan.do_not_mail", "description": "Whether the borrower asked not to be mailed; none: nobody knows."},
      "fraud_score": {"type": "string", "x-evaluated": "expression", "default": "loan.fraud_score", "description": "The loan's fraud score, from 0; none: there is none."},
      "address": {"type": "string", "x-evaluated": "expression", "default": "loan.address_status", "description": "Whether mail arrives there: deliverable or true; none: nobody knows."},
      "as_of": {"type": "string", "x-evaluated": "expression", "default": "event.time", "description": "When the data was true; none: whenever."},
      "consent": {"type": "string", "x-evaluated": "expression", "description": "Whether the borrower agreed. Not asked by default."},
      "fraud_limit": {"type": ["number", "string"], "description": "From here on nothing is mailed. Default: 0.85."},
      "max_age": {"type": "string", "format": "duration", "x-least": "1m", "x-most": "366d", "default": "2d", "description": "Older data mails nothing."},
      "suppress": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Names that the suppression list may hold. Default: the event's subject."},
      "cooling_off": {"type": "string", "format": "duration", "x-least": "0s", "x-most": "31d", "default": "0s", "description": "How long after it went out a piece may be asked back."},
      "recall_on": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Fields of the loan whose change asks a piece back."},
      "budget": {"$ref": "#/definitions/budget", "x-optional": true, "description": "How much is mailed a day."},
      "hold_out": {"type": "string", "description": "The share of loans that get no mail, such as 10%: signals show how both close. Default: 0%."},
      "hold_out_salt": {"type": "string", "description": "Another text draws other loans, for a new trial. Default: none."}
    }
  },
  "budget": {
    "type": "object", "required": ["a_day"],
    "properties": {
      "a_day": {"type": "integer", "minimum": 1, "maximum": 10000000, "description": "Pieces a day, of all pipelines."},
      "at": {"type": "string", "description": "The time of day when they are chosen, such as \"16:00\"."},
      "best": {"type": "string", "x-evaluated": "expression", "description": "The larger, the sooner: which pieces go first."},
      "lapse": {"type": "string", "format": "duration", "x-least": "1h", "x-most": "366d", "description": "A piece that waited so long is not mailed any more."}
    }
  },

  "cases": {
    "type": "object", "required": ["pipeline", "cases"], "description": "Cases for pipelines: milepost test plays them.",
    "properties": {
      "pipeline": {"type": ["string", "array"], "items": {"type": "string"}, "description": "The pipeline that the cases are of, or several."},
      "secrets": {"type": "object", "description": "Values of secrets, made up."},
      "cases": {"type": "array", "items": {"$ref": "#/definitions/case"}, "description": "What is played."}
    }
  },
  "case": {
    "type": "object", "required": ["case", "events"],
    "properties": {
      "case": {"type": "string", "description": "What it shows: an approval mails one card."},
      "loans": {"type": "object", "description": "Loans as they are before: subject and fields."},
      "links": {"type": "object", "description": "Vendors' records that are linked before: system:type:id and subject."},
      "suppressed": {"type": "object", "description": "Who gets no mail, before the first event: a loan or borrower's id, and why."},
      "events": {"description": "What comes in, in this order.", "anyOf": [{"$ref": "#/definitions/stimulus"}, {"type": "array", "items": {"$ref": "#/definitions/stimulus"}}]},
      "vendors": {"type": "object", "description": "How the vendors' doubles behave: {acme: {match: POST */orders, times: 2, answer: 503}}."},
      "for": {"type": "string", "format": "duration", "description": "How long it is played on after the last event."},
      "expect": {"$ref": "#/definitions/expect", "description": "What must have become of it; what is not named is not compared."}
    }
  },
  "stimulus": {
    "type": "object",
    "properties": {
      "at": {"type": "string", "description": "When: 2026-11-02T09:00:00Z."},
      "after": {"type": "string", "format": "duration", "description": "How long after the one before."},
      "pipeline": {"type": "string", "description": "To which of the file's pipelines."},
      "file": {"type": "string", "description": "The payload: a file of the folder, such as events/approval.json."},
      "body": {"description": "The payload itself."},
      "change": {"description": "What is other than in the file: a merge patch."},
      "source": {"type": "string", "description": "Which of the pipeline's sources it comes to."},
      "headers": {"type": "object", "description": "Headers of the delivery."},
      "event": {"$ref": "#/definitions/decoded", "description": "What the source makes of it, instead of decoding the payload."},
      "emit": {"type": "object", "description": "What a vendor's double sends: {VENDOR: {…}}."}
    }
  },
  "decoded": {
    "type": "object",
    "properties": {
      "id": {"type": "string", "description": "The sender's id."}, "type": {"type": "string", "description": "What happened."},
      "subject": {"type": "string", "description": "What it is about."}, "actor": {"type": "string", "description": "Who did it."},
      "reason": {"type": "string", "description": "Why."}, "revision": {"type": "string", "description": "The document's revision."},
      "time": {"type": "string", "description": "When it happened: 2026-11-02T09:00:00Z; else when it comes."}
    }
  },
  "expect": {
    "type": "object",
    "properties": {
      "events": {"description": "Each event as it ended, in order; a number: how many.", "anyOf": [{"type": "integer"}, {"$ref": "#/definitions/expected_event"}, {"type": "array", "items": {"$ref": "#/definitions/expected_event"}}]},
      "sent": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "How often each action, or each connector, sent something."},
      "requests": {"type": "object", "description": "What each vendor was asked, in order; a number: how often."},
      "holds": {"type": "object", "description": "What each vendor's double holds in the end."},
      "audit": {"description": "Audit rows, in this order, others between them; a number: how many."},
      "alerts": {"description": "The host's own events, such as milepost.dead_letter; a number: how many."},
      "loans": {"type": "object", "description": "Loans as they are in the end; null: there is none."}
    }
  },
  "expected_event": {
    "type": "object",
    "properties": {
      "answer": {"type": "string", "enum": ["accepted", "duplicate", "quarantined", "refused", "nothing"], "description": "What its sender was told."},
      "state": {"type": "string", "enum": ["open", "waiting", "in_doubt", "dead", "done"], "description": "How it stands in the end."},
      "pipeline": {"type": "string", "description": "In which of the file's pipelines."},
      "id": {"description": "Its id."}, "type": {"description": "Its type."}, "subject": {"description": "Its subject."}, "actor": {"description": "Who did it."},
      "reason": {"description": "Why it stands so; * stands for anything."}, "late": {"description": "Whether it came back late."},
      "steps": {"type": "object", "description": "What each step did: created, skipped, not_run, not_reached …"}
    }
  },
  "outcome": {
    "type": "object",
    "properties": {
      "outcome": {"type": "string", "description": "What the step did."}, "attempts": {"description": "How often it was tried."},
      "answer": {"description": "What it answered."}, "reason": {"description": "Why; * stands for anything."}, "values": {"description": "What its condition saw."}
    }
  },
  "copied": {
    "type": "object", "required": ["name", "version"],
    "properties": {
      "name": {"type": "string", "format": "name", "description": "The template's name."},
      "version": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "The template's version: what it was then lies under templates/kept."},
      "params": {"type": "object", "description": "The parameters of this copy; params.NAME stands for one, in texts and expressions."}
    }
  },
  "template": {
    "type": "object", "required": ["template"],
    "properties": {
      "template": {"type": "string", "format": "name", "description": "The template's name."},
      "version": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1, "description": "Counted up at each change, so that copies can be brought up to date."},
      "params": {"type": "object", "additionalProperties": {"$ref": "#/definitions/parameter"}, "description": "What a copy is told: params.NAME stands for it, in texts and expressions."},
      "locked": {"type": ["array", "string"], "items": {"type": "string"}, "default": [], "description": "What no copy may edit: steps.ID, or a key of the pipeline such as event."}
    }
  },
  "parameter": {
    "type": "object",
    "properties": {
      "type": {"type": "string", "enum": ["string", "integer", "number", "boolean"], "default": "string", "description": "What a value may be."},
      "description": {"type": "string", "description": "What it is for."},
      "default": {"type": ["string", "number", "boolean"], "description": "Taken where a copy does not say; without it every copy must."},
      "enum": {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "description": "The only values."}
    }
  },
  "source": {
    "type": "object", "required": ["use"],
    "properties": {
      "use": {"type": "string", "x-installed": "sources", "description": "A source of the host or of a plugin."},
      "connection": {"type": "string", "description": "The account, for a source that asks a vendor."},
      "with": {"type": "object", "description": "The source's settings."},
      "isolation": {"x-optional": true, "description": "process: the code of a webhook source without a connection runs in a child of the host.",
                    "anyOf": [{"type": "string", "enum": ["process"]}, {"$ref": "#/definitions/isolation"}]}
    }
  },
  "webhook": {
    "type": "object", "required": ["path"],
    "properties": {
      "path": {"type": "string", "pattern": "^/([A-Za-z0-9/_.~-]|\\$\\{params\\.[A-Za-z0-9_]+\\})+$", "description": "The path that the sender posts to, such as /hooks/los. Each has one of its own."},
      "verify": {"description": "How a delivery proves who sent it; none takes deliveries from anyone.",
                 "anyOf": [{"type": "string", "enum": ["none"]}, {"$ref": "#/definitions/verify"}]},
      "accept": {"type": "string", "enum": ["validated"], "description": "validated: the leading validate steps run before the answer, and refuse with 422."},
      "body_limit": {"type": "string", "format": "size", "x-least": "1 B", "x-most": "1 GiB", "description": "The largest body; default: the host's."}
    }
  },
  "polling": {
    "type": "object",
    "properties": {
      "every": {"type": "string", "format": "duration", "x-least": "100ms", "x-most": "1w", "default": "30s", "description": "From one poll to the next."},
      "completes": {"type": "string", "description": "The webhook source of this pipeline that it makes up for: what only the poll brings is counted as missed there."},
      "missed_after": {"type": "string", "format": "duration", "x-least": "1s", "x-most": "31d", "default": "10m", "description": "With completes: how long the webhook may be behind the poll."}
    }
  },
  "event": {
    "type": "object",
    "properties": {
      "id": {"type": "string", "x-evaluated": "text", "description": "A second event with the same id is a duplicate. Default: the source's own, or the SHA-256 of the body."},
      "revision": {"type": "string", "x-evaluated": "text", "description": "Lets a changed document with the same id in."},
      "type": {"type": "string", "x-evaluated": "text", "description": "What happened, such as stage.changed."},
      "subject": {"type": "string", "x-evaluated": "text", "description": "What it is about, such as the loan's id: events of one subject keep their order. none: each event stands alone."},
      "actor": {"type": "string", "x-evaluated": "text", "description": "Who did it."},
      "reason": {"type": "string", "x-evaluated": "text", "description": "Why, for the audit trail."},
      "time": {"type": "string", "x-evaluated": "text", "description": "When it happened: RFC 3339, or seconds since 1970."}
    }
  },
  "step": {
    "type": "object", "required": ["use"],
    "properties": {
      "id": {"type": "string", "format": "step_id", "description": "Its name: steps.ID is its answer. Built-ins may go without."},
      "use": {"type": "string", "x-installed": "steps", "description": "A step of the host, or a plugin's action."},
      "connection": {"type": "string", "description": "The account that the action works on."},
      "when": {"type": "string", "x-evaluated": "expression", "description": "The step runs only if this expression holds, such as payload.amount > 0."},
      "once": {"type": "string", "x-evaluated": "text", "description": "Done once for each such text, ever: across events, versions and pipelines."},
      "with": {"type": "object", "description": "The step's settings."},
      "retry": {"$ref": "#/definitions/retry", "description": "How often, and for how long, a failed attempt is repeated."},
      "late": {"type": "string", "enum": ["run", "skip"], "default": "skip", "description": "What becomes of an event that comes back late, after a newer one of its subject has done this step."},
      "on_failure": {"type": "string", "enum": ["dead_letter", "continue"], "x-inherits": "on_failure", "description": "When the step gives up; default: the pipeline's."},
      "batch": {"$ref": "#/definitions/batch", "x-optional": true, "description": "Several events in one call."}
    }
  },
  "retry": {
    "type": "object",
    "properties": {
      "attempts": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 12, "description": "Attempts in all."},
      "within": {"type": "string", "format": "duration", "x-least": "1s", "x-most": "13w", "default": "1w", "description": "From the first attempt to the last."}
    }
  },
  "batch": {
    "type": "object",
    "properties": {
      "size": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1, "description": "The most events in one call."},
      "wait": {"type": "string", "format": "duration", "x-least": "0s", "x-most": "1h", "default": "200ms", "description": "How long a call waits to fill up."}
    }
  }
}})json");
  static const Json all = [] {
    Json out = own;
    Json verify = verify_schema();
    out["definitions"].update(verify["definitions"]);
    verify.erase("definitions");
    out["definitions"]["verify"] = std::move(verify);
    return out;
  }();
  return all;
}

const Json& shape(std::string_view name) {
  const auto& definitions = shapes().at("definitions");
  const auto found = definitions.find(std::string(name));
  if (found == definitions.end()) throw std::logic_error("there is no shape " + std::string(name));
  return *found;
}

}  // namespace milepost::config
