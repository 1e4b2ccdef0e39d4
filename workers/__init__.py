"""When time asks: Celery tells that something is due; PostgreSQL says what."""
