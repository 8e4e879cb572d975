# Builds one static binary and puts it, alone, into an empty image:
#   docker build -t communique .
#   docker run -p 8080:8080 -v communique:/data -v ./communique.yaml:/communique.yaml:ro communique
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/communique ./cmd/communique && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/communique /communique
# Numeric, since an empty image knows no names; the folder belongs to it so
# that a fresh volume can be written.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/communique", "health"]
ENTRYPOINT ["/communique"]
CMD ["serve", "--listen", ":8080", "--data", "/data"]
