// Of changes of the folder: plans, what went live when, and what takes it back.
#include "host/api/schemas.hpp"

namespace milepost::api {

const char* deploy_schemas() {
  return R"json({
    "KeyChanges": {
      "type": "array",
      "items": {
        "type": "object", "required": ["path"], "additionalProperties": false,
        "properties": {"path": {"type": "string", "description": "A step goes by its id: steps.card.when."}, "before": {"type": "string"}, "after": {"type": "string"}}
      }
    },
    "Change": {
      "type": "object", "required": ["name", "kind", "file", "restarts"], "additionalProperties": false,
      "properties": {
        "name": {"type": "string"}, "kind": {"type": "string", "enum": ["added", "changed", "removed"]}, "file": {"type": "string"},
        "before": {"type": "string", "description": "A version."}, "after": {"type": "string"},
        "keys": {"$ref": "#/components/schemas/KeyChanges"},
        "others": {"type": "array", "items": {"type": "string"}, "description": "What is another without a key: a secret's value, a plugin, comments."},
        "restarts": {"type": "boolean", "description": "Not where only comments, order or form of its text changed."}
      }
    },
    "Plan": {
      "type": "object", "required": ["hash", "pipelines", "connections", "loans", "next_start"], "additionalProperties": false,
      "properties": {
        "hash": {"type": "string", "description": "Over exactly what would be applied, and what it was compared with."},
        "pipelines": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
        "connections": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
        "loans": {"$ref": "#/components/schemas/KeyChanges"},
        "next_start": {"$ref": "#/components/schemas/KeyChanges"}
      }
    },
    "Planned": {
      "type": "object", "required": ["running", "sound", "faults", "plan", "mail", "under_way"], "additionalProperties": false,
      "properties": {
        "running": {"type": "boolean", "description": "Against a running host; else against what ran last."},
        "sound": {"type": "boolean", "description": "Otherwise it cannot be applied: see the faults."},
        "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "plan": {"$ref": "#/components/schemas/Plan"},
        "mail": {
          "description": "By pipeline: the steps of what would run that are pieces of mail.", "type": "object",
          "additionalProperties": {"type": "array", "items": {"type": "string"}}
        },
        "under_way": {
          "description": "By pipeline: events that have not ended.", "type": "object",
          "additionalProperties": {
            "type": "object", "required": ["open", "waiting", "in_doubt"], "additionalProperties": false,
            "properties": {"open": {"type": "integer"}, "waiting": {"type": "integer"}, "in_doubt": {"type": "integer"}}
          }
        }
      }
    },
    "MakePlan": {"type": "object", "additionalProperties": false},
    "PlanReplay": {
      "type": "object", "required": ["hash"], "additionalProperties": false,
      "properties": {
        "hash": {"type": "string", "minLength": 8}, "pipeline": {"type": "string", "minLength": 1},
        "since": {"type": "string", "description": "Accepted at or after: a time (RFC 3339), or how long ago, such as 7d."},
        "until": {"type": "string", "description": "Accepted before."},
        "after": {"type": "integer", "minimum": 0, "description": "`next` of the answer before."}
      }
    },
    "Apply": {
      "type": "object", "required": ["hash", "reason"], "additionalProperties": false,
      "properties": {
        "hash": {"type": "string", "minLength": 8, "description": "Of a plan, or the beginning of it."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "[^ ]", "description": "Stands in the audit trail."}
      }
    },
    "Revert": {
      "type": "object", "required": ["to", "reason"], "additionalProperties": false,
      "properties": {
        "to": {"type": "string", "minLength": 4, "description": "A version, or its beginning."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "[^ ]", "description": "Stands in the audit trail."},
        "discard": {"type": "boolean", "description": "Also when the file was edited since it went live: the edit is lost."}
      }
    },
    "Applied": {
      "type": "object", "required": ["plan"], "additionalProperties": false,
      "properties": {"plan": {"$ref": "#/components/schemas/Plan"}}
    },
    "History": {
      "type": "object", "required": ["pipeline", "history"], "additionalProperties": false,
      "properties": {
        "pipeline": {"type": "string"},
        "history": {
          "type": "array",
          "items": {
            "type": "object", "required": ["version", "at", "user", "action", "outcome", "file", "audit", "text_kept"], "additionalProperties": false,
            "properties": {
              "version": {"type": "string", "description": "Empty: it was taken away."}, "at": {"type": "string", "format": "date-time"},
              "user": {"type": "string"}, "reason": {"type": "string"},
              "action": {"type": "string", "enum": ["pipeline.start", "pipeline.reload", "pipeline.apply", "pipeline.revert"]},
              "outcome": {"type": "string", "enum": ["added", "changed", "removed"]}, "file": {"type": "string"},
              "audit": {"type": "integer", "description": "The row of the audit trail."},
              "text_kept": {"type": "boolean", "description": "It can be taken back."}
            }
          }
        }
      }
    },
    "Diff": {
      "type": "object", "required": ["pipeline", "from", "to", "keys"], "additionalProperties": false,
      "properties": {"pipeline": {"type": "string"}, "from": {"type": "string"}, "to": {"type": "string"}, "keys": {"$ref": "#/components/schemas/KeyChanges"}}
    }
  })json";
}

}  // namespace milepost::api
