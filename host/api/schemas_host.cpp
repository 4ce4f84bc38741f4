// Of the host itself: health, faults, pipelines, connections, plugins.
#include "host/api/schemas.hpp"

namespace milepost::api {

const char* host_schemas() {
  return R"json({
    "Problem": {
      "description": "RFC 9457.", "type": "object", "required": ["title", "status"],
      "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}}
    },
    "Live": {
      "type": "object", "required": ["status"], "additionalProperties": false,
      "properties": {"status": {"type": "string", "enum": ["live"]}}
    },
    "Ready": {
      "type": "object", "required": ["status", "stopping", "store", "intake", "folder", "pipelines", "connections", "sources", "plugins", "children", "overdue"], "additionalProperties": false,
      "properties": {
        "status": {"type": "string", "enum": ["ready", "degraded", "unavailable"],
                   "description": "degraded: deliveries are accepted, and something listed here does not work."},
        "stopping": {"type": "boolean"},
        "store": {
          "type": "object", "required": ["ok"], "additionalProperties": false,
          "properties": {"ok": {"type": "boolean"}, "message": {"type": "string"}}
        },
        "intake": {
          "description": "Not open: deliveries are answered 503, since a limit is reached or the store fails.",
          "type": "object", "required": ["open"], "additionalProperties": false,
          "properties": {"open": {"type": "boolean"}, "cause": {"type": "string"}, "remedy": {"type": "string"}}
        },
        "folder": {
          "description": "Not taken: the folder as it is now cannot run, and what ran before goes on.",
          "type": "object", "required": ["taken"], "additionalProperties": false,
          "properties": {"taken": {"type": "boolean"}, "since": {"type": "string", "format": "date-time"}, "reason": {"type": "string"},
                         "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}}
        },
        "pipelines": {
          "description": "Those that do not run.", "type": "array",
          "items": {
            "type": "object", "required": ["name", "faults"], "additionalProperties": false,
            "properties": {"name": {"type": "string"}, "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}}
          }
        },
        "connections": {"description": "Those that are paused, fail, rest behind their breaker, or whose credentials end soon.", "type": "array",
                        "items": {"$ref": "#/components/schemas/Connection"}},
        "sources": {"description": "Polling sources that are paused or fail.", "type": "array", "items": {"$ref": "#/components/schemas/Source"}},
        "plugins": {"description": "Those that were refused.", "type": "array", "items": {"$ref": "#/components/schemas/RefusedPlugin"}},
        "children": {"description": "Isolated plugins' processes that rest before they are started again, or ended less than a minute ago.", "type": "array",
                     "items": {"$ref": "#/components/schemas/Child"}},
        "overdue": {
          "description": "Calls into plugins of the host's own process that are not back 2 s after their deadline.", "type": "array",
          "items": {
            "type": "object", "required": ["plugin", "connection", "function", "late_ms"], "additionalProperties": false,
            "properties": {
              "plugin": {"type": "string"}, "connection": {"type": "string"}, "function": {"type": "string"}, "late_ms": {"type": "integer"}
            }
          }
        }
      }
    },
    "Child": {
      "description": "A process of the host in which a plugin runs isolated: of a connection, or of a webhook source without one.",
      "type": "object", "required": ["plugin", "running", "ended"], "additionalProperties": false,
      "properties": {
        "plugin": {"type": "string"}, "connection": {"type": "string"}, "source": {"type": "string"},
        "running": {"type": "boolean", "description": "It is started when it is first needed."},
        "ended": {"type": "integer", "description": "How many have ended since the host started."},
        "reason": {"type": "string", "description": "Why the latest ended, or could not be started."}
      }
    },
    "Source": {
      "type": "object", "required": ["pipeline", "source", "connection", "state"], "additionalProperties": false,
      "properties": {
        "pipeline": {"type": "string"}, "source": {"type": "string"}, "connection": {"type": "string"},
        "state": {"type": "string", "enum": ["paused", "failing"]}, "reason": {"type": "string"},
        "last": {"type": "string", "format": "date-time", "description": "When it last asked and was answered."}
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
        "reason": {"type": "string"}, "in_flight": {"type": "integer"},
        "children": {"description": "With isolation: process; one for deliveries, and one for each of its polling sources.", "type": "array",
                     "items": {"$ref": "#/components/schemas/Child"}},
        "warning": {"type": "string", "description": "Its credentials end within two weeks, or have ended."}
      }
    },
    "ConnectionState": {
      "type": "object", "required": ["connection"], "additionalProperties": false,
      "properties": {"connection": {"$ref": "#/components/schemas/Connection"}}
    },
    "Reason": {
      "type": "object", "required": ["reason"], "additionalProperties": false,
      "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "Stands in the audit trail."}}
    },
    "Probe": {"type": "object", "additionalProperties": false},
    "Probed": {
      "type": "object", "required": ["works"], "additionalProperties": false,
      "properties": {"works": {"type": "boolean"}, "reason": {"type": "string", "description": "What the vendor, or the way to it, said."}}
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
  })json";
}

}  // namespace milepost::api
