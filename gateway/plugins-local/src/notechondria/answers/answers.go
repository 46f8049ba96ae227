// Package answers gives the refusals that the gateway makes itself (429, 502, 503, 504, ...) the shape of the services'
// answers: JSON with a detail, CORS headers for allowed origins (identity §15), and when to come back. Without them a
// web app sees only "failed to fetch".
package answers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// Config is what the dynamic configuration says.
type Config struct {
	// Hosts whose pages may read the answers: names or URLs, separated by white space or commas.
	Hosts string `json:"hosts,omitempty"`
}

// CreateConfig makes an empty configuration.
func CreateConfig() *Config {
	return &Config{}
}

// Handler passes requests on and looks at what comes back.
type Handler struct {
	next  http.Handler
	hosts map[string]bool
}

// New makes a handler.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	hosts := map[string]bool{"localhost": true, "127.0.0.1": true}
	for _, word := range strings.FieldsFunc(config.Hosts, func(sign rune) bool { return sign == ',' || unicode.IsSpace(sign) }) {
		if name := hostName(word); name != "" && name != "*" {
			hosts[name] = true
		}
	}
	return &Handler{next: next, hosts: hosts}, nil
}

// ServeHTTP watches every answer but a stream: what wraps a response here cannot flush it, and an EventSource shows its
// page no refusal's body anyway.
func (handler *Handler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	if strings.Contains(request.Header.Get("Accept"), "text/event-stream") {
		handler.next.ServeHTTP(writer, request)
		return
	}
	handler.next.ServeHTTP(&answer{ResponseWriter: writer, request: request, hosts: handler.hosts}, request)
}

// answer watches one response. Every service names the request in its answers; one without that name is the gateway's.
type answer struct {
	http.ResponseWriter
	request  *http.Request
	hosts    map[string]bool
	decided  bool
	replaced bool
}

// WriteHeader decides whose answer this is.
func (own *answer) WriteHeader(status int) {
	if own.decided {
		return
	}
	if status < 200 {
		own.ResponseWriter.WriteHeader(status)
		return
	}
	own.decided = true
	header := own.Header()
	if status < 400 || header.Get("X-Request-Id") != "" {
		own.ResponseWriter.WriteHeader(status)
		return
	}
	own.replaced = true
	body, _ := json.Marshal(map[string]string{"detail": detail(status)})
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Del("Content-Encoding")
	if header.Get("Retry-After") == "" && (status == 429 || status == 502 || status == 503 || status == 504) {
		header.Set("Retry-After", "1")
	}
	own.allowOrigin(header)
	own.ResponseWriter.WriteHeader(status)
	if own.request.Method != http.MethodHead {
		_, _ = own.ResponseWriter.Write(body)
	}
}

// Write passes a service's answer on and drops the gateway's own text.
func (own *answer) Write(data []byte) (int, error) {
	if !own.decided {
		own.WriteHeader(http.StatusOK)
	}
	if own.replaced {
		return len(data), nil
	}
	return own.ResponseWriter.Write(data)
}

func (own *answer) allowOrigin(header http.Header) {
	path := own.request.URL.Path
	if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/media/") {
		return
	}
	origin := own.request.Header.Get("Origin")
	if origin == "" || !own.hosts[hostName(origin)] {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Origin, X-Requested-With")
	header.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS")
	header.Add("Vary", "Origin")
}

func detail(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "Request refused: Gateway/limit — too many requests from this address, wait a moment."
	case http.StatusRequestEntityTooLarge:
		return "Request refused: Gateway/body — it is too large."
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return "Not answered: Gateway/forward — this part of Notechondria is restarting, try again in a moment."
	case http.StatusGatewayTimeout:
		return "Not answered: Gateway/forward — this part of Notechondria took too long."
	}
	return "Request refused: Gateway/" + strconv.Itoa(status) + " — " + http.StatusText(status) + "."
}

// hostName is the lower-case host of a name or URL, without its port.
func hostName(text string) string {
	if strings.Contains(text, "://") {
		parsed, err := url.Parse(text)
		if err != nil {
			return ""
		}
		return strings.ToLower(parsed.Hostname())
	}
	return strings.ToLower(text)
}
