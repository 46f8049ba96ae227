// Package maskedlog writes the access log's line for routes whose path is a secret: Traefik's own log, which knows no
// masks, is off there. The fields are those of Traefik's lines; of the path only its first segment stands.
package maskedlog

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Config is what the dynamic configuration says.
type Config struct {
	// File of the access log; "" = standard output.
	File string `json:"file,omitempty"`
	// Service that answers the route.
	Service string `json:"service,omitempty"`
}

// CreateConfig makes an empty configuration.
func CreateConfig() *Config {
	return &Config{}
}

// Handler passes requests on and writes a line for each.
type Handler struct {
	next    http.Handler
	service string
	file    string
	guard   sync.Mutex
}

// New makes a handler.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	return &Handler{next: next, service: config.Service, file: config.File}, nil
}

// ServeHTTP answers and writes what happened.
func (handler *Handler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	started := time.Now()
	counted := &counter{ResponseWriter: writer}
	handler.next.ServeHTTP(counted, request)
	address, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		address = request.RemoteAddr
	}
	// By now it is one address, the client's, as the package answers found it.
	if client := request.Header.Get("X-Forwarded-For"); net.ParseIP(client) != nil {
		address = client
	}
	line, err := json.Marshal(map[string]interface{}{
		"StartUTC":                started.UTC().Format(time.RFC3339Nano),
		"DownstreamStatus":        counted.status,
		"DownstreamContentSize":   counted.size,
		"Duration":                time.Since(started).Nanoseconds(),
		"RequestMethod":           request.Method,
		"RequestPath":             "/" + strings.SplitN(strings.Trim(request.URL.Path, "/"), "/", 2)[0] + "/***",
		"ServiceName":             handler.service + "@file",
		"ClientHost":              address,
		"downstream_X-Request-Id": counted.Header().Get("X-Request-Id"),
	})
	if err == nil {
		handler.write(append(line, '\n'))
	}
}

// write adds a line; the file is opened each time, for these requests are rare and logs are moved away.
func (handler *Handler) write(line []byte) {
	handler.guard.Lock()
	defer handler.guard.Unlock()
	var out io.Writer = os.Stdout
	if handler.file != "" {
		file, err := os.OpenFile(handler.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		defer file.Close()
		out = file
	}
	_, _ = out.Write(line)
}

// counter keeps status and size of an answer.
type counter struct {
	http.ResponseWriter
	status int
	size   int
}

// WriteHeader keeps the status.
func (counted *counter) WriteHeader(status int) {
	if counted.status < 200 {
		counted.status = status
	}
	counted.ResponseWriter.WriteHeader(status)
}

// Write keeps the size.
func (counted *counter) Write(data []byte) (int, error) {
	if counted.status == 0 {
		counted.status = http.StatusOK
	}
	written, err := counted.ResponseWriter.Write(data)
	counted.size += written
	return written, err
}
