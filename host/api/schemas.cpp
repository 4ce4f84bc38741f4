#include "host/api/schemas.hpp"

namespace milepost::api {

const Json& schemas() {
  static const Json document = Json::parse(R"json({
    "Problem": {
      "description": "RFC 9457.", "type": "object", "required": ["title", "status"],
      "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}}
    },
    "Live": {
      "type": "object", "required": ["status"], "additionalProperties": false,
      "properties": {"status": {"type": "string", "enum": ["live"]}}
    },
    "Ready": {
      "type": "object", "required": ["status", "stopping", "store", "pipelines", "connections", "plugins"], "additionalProperties": false,
      "properties": {
        "status": {"type": "string", "enum": ["ready", "degraded", "unavailable"],
                   "description": "degraded: deliveries are accepted, and something listed here does not work."},
        "stopping": {"type": "boolean"},
        "store": {
          "type": "object", "required": ["ok"], "additionalProperties": false,
          "properties": {"ok": {"type": "boolean"}, "message": {"type": "string"}}
        },
        "pipelines": {
          "description": "Those that do not run.", "type": "array",
          "items": {
            "type": "object", "required": ["name", "faults"], "additionalProperties": false,
            "properties": {"name": {"type": "string"}, "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}}
          }
        },
        "connections": {"description": "Those that are paused, fail, or rest behind their breaker.", "type": "array",
                        "items": {"$ref": "#/components/schemas/Connection"}},
        "plugins": {"description": "Those that were refused.", "type": "array", "items": {"$ref": "#/components/schemas/RefusedPlugin"}}
      }
    },
    "Fault": {
      "type": "object", "required": ["code", "file", "line", "column", "path", "message"], "additionalProperties": false,
      "properties": {
        "code": {"type": "string", "description": "milepost explain CODE tells more."},
        "file": {"type": "string"}, "line": {"type": "integer"}, "column": {"type": "integer"},
        "path": {"type": "string"}, "message": {"type": "string"}, "remedy": {"type": "string"}, "warning": {"type": "boolean"}
      }
    },
    "Event": {
      "type": "object", "additionalProperties": false,
      "required": ["sequence", "receipt", "pipeline", "source", "id", "time", "accepted_at", "state", "late", "payload_digest"],
      "properties": {
        "sequence": {"type": "integer", "description": "The order of acceptance."},
        "receipt": {"type": "string", "description": "What the sender was told: a UUIDv7."},
        "pipeline": {"type": "string"}, "source": {"type": "string"},
        "id": {"type": "string", "description": "The sender's own, or the SHA-256 of what it sent."},
        "revision": {"type": "string"}, "type": {"type": "string"}, "subject": {"type": "string"},
        "actor": {"type": "string"}, "reason": {"type": "string"},
        "time": {"type": "string", "format": "date-time", "description": "When it happened, by the sender."},
        "accepted_at": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["open", "waiting", "in_doubt", "dead", "done"]},
        "step": {"type": "string", "description": "The next one."},
        "fault": {"type": "string", "description": "Why it is dead or in doubt."},
        "resume_at": {"type": "string", "format": "date-time"},
        "late": {"type": "boolean", "description": "It was released from its lane and resumed."},
        "version": {"type": "string", "description": "Of the pipeline that it runs on."},
        "loan_revision": {"type": "integer"}, "crashes": {"type": "integer"},
        "payload_digest": {"type": "string", "description": "SHA-256, in hex."}
      }
    },
    "EventPage": {
      "type": "object", "required": ["events"], "additionalProperties": false,
      "properties": {
        "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
        "next": {"type": "integer", "description": "There are more: give it as `before`."}
      }
    },
    "EventDetail": {
      "type": "object", "required": ["event", "effects", "audit"], "additionalProperties": false,
      "properties": {
        "event": {"$ref": "#/components/schemas/Event"},
        "effects": {"type": "array", "items": {"$ref": "#/components/schemas/Effect"}},
        "audit": {"type": "array", "items": {"$ref": "#/components/schemas/AuditRow"}},
        "payload": {"type": "string", "description": "The JSON text, byte for byte. Neither this nor payload_base64: it is pruned."},
        "payload_base64": {"type": "string", "contentEncoding": "base64", "description": "A payload that is no JSON."}
      }
    },
    "Effect": {
      "type": "object", "required": ["step", "state", "attempt"], "additionalProperties": false,
      "properties": {
        "step": {"type": "string"},
        "state": {"type": "string", "enum": ["planned", "sent", "done", "skipped", "failed", "in_doubt"]},
        "attempt": {"type": "integer", "description": "How often it was sent."},
        "key": {"type": "string", "description": "The idempotency key."},
        "connection": {"type": "string"}, "version": {"type": "string"}, "plugin": {"type": "string"},
        "first_at": {"type": "string", "format": "date-time"}, "sent_at": {"type": "string", "format": "date-time"},
        "ended_at": {"type": "string", "format": "date-time"}, "next_at": {"type": "string", "format": "date-time"},
        "answer": {"description": "The vendor's, as later steps see it."},
        "error": {"description": "Of the last attempt."}
      }
    },
    "AuditRow": {
      "type": "object", "additionalProperties": false,
      "required": ["sequence", "time", "kind", "user", "action", "details_digest", "previous", "hash"],
      "properties": {
        "sequence": {"type": "integer"}, "time": {"type": "string", "format": "date-time"},
        "kind": {"type": "string", "enum": ["event", "intent", "outcome", "decision", "admin"]},
        "user": {"type": "string"}, "action": {"type": "string"}, "subject": {"type": "string"}, "pipeline": {"type": "string"},
        "version": {"type": "string"}, "event": {"type": "string"}, "step": {"type": "string"}, "outcome": {"type": "string"},
        "plugin": {"type": "string"},
        "details": {"description": "Reason, note and the like."},
        "erased": {"type": "boolean", "description": "The details were erased; the chain holds all the same."},
        "details_digest": {"type": "string"}, "previous": {"type": "string"}, "hash": {"type": "string"}
      }
    },
    "AuditPage": {
      "type": "object", "required": ["rows"], "additionalProperties": false,
      "properties": {
        "rows": {"type": "array", "items": {"$ref": "#/components/schemas/AuditRow"}},
        "next": {"type": "integer", "description": "There are more: give it as `after`."}
      }
    },
    "Pipelines": {
      "type": "object", "required": ["pipelines"], "additionalProperties": false,
      "properties": {
        "pipelines": {
          "type": "array",
          "items": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "version", "description", "owner", "running", "sources", "steps", "faults"],
            "properties": {
              "name": {"type": "string"}, "version": {"type": "string"}, "description": {"type": "string"}, "owner": {"type": "string"},
              "running": {"type": "boolean"},
              "sources": {"type": "array", "items": {"type": "string"}}, "steps": {"type": "array", "items": {"type": "string"}},
              "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}
            }
          }
        }
      }
    },
    "Connection": {
      "type": "object", "required": ["name", "connector", "state", "in_flight"], "additionalProperties": false,
      "properties": {
        "name": {"type": "string"}, "connector": {"type": "string"},
        "state": {"type": "string", "enum": ["closed", "opening", "open", "paused", "failing", "breaker_open"]},
        "reason": {"type": "string"}, "in_flight": {"type": "integer"}
      }
    },
    "Connections": {
      "type": "object", "required": ["connections"], "additionalProperties": false,
      "properties": {"connections": {"type": "array", "items": {"$ref": "#/components/schemas/Connection"}}}
    },
    "RefusedPlugin": {
      "type": "object", "required": ["connector", "path", "reason"], "additionalProperties": false,
      "properties": {"connector": {"type": "string"}, "path": {"type": "string"}, "reason": {"type": "string"}}
    },
    "Plugins": {
      "type": "object", "required": ["plugins", "refused"], "additionalProperties": false,
      "properties": {
        "plugins": {
          "type": "array",
          "items": {
            "type": "object", "required": ["name", "version", "summary", "sdk", "abi", "path", "digest", "manifest"],
            "additionalProperties": false,
            "properties": {
              "name": {"type": "string"}, "version": {"type": "string"}, "summary": {"type": "string"}, "sdk": {"type": "string"},
              "abi": {"type": "string"}, "path": {"type": "string"}, "digest": {"type": "string"},
              "manifest": {"type": "object", "description": "What the plugin declares."}
            }
          }
        },
        "refused": {"type": "array", "items": {"$ref": "#/components/schemas/RefusedPlugin"}}
      }
    },
    "OpenApi": {"type": "object", "required": ["openapi", "info", "paths"]}
  })json");
  return document;
}

}  // namespace milepost::api
