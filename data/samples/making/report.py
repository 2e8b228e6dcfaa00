"""An ordinary report: headings, bullets, a ruled table, and a page left blank on purpose."""

from __future__ import annotations

from making.act import PageBreak, Prose, Table
from making.flow import Geometry
from making.furniture import report_foot
from making.sheets import report_sheet
from making.typesetter import Document, Section, Trap

BULLET = "• "

FIRST = (
    Prose("capa", "Relatório Anual de 2023"),
    Prose("subcapa", "Biblioteca Municipal Clarice Antunes – Brejo Alto"),
    Prose("secao", "1. Apresentação"),
    Prose(
        "texto",
        "Este relatório resume as atividades da Biblioteca Municipal no ano de 2023, o primeiro "
        "completo depois da reforma do prédio da antiga estação. A frequência superou a dos "
        "cinco anos anteriores, sobretudo aos sábados, quando a sala infantil passou a abrir.",
    ),
    Prose(
        "texto",
        "Os números foram apurados pelo sistema de empréstimos e, no caso das visitas, pela "
        "catraca instalada em fevereiro; janeiro foi estimado pela média do trimestre.",
    ),
    Prose("secao", "2. Destaques do ano"),
    Prose("marcador", BULLET + "reabertura da sala de leitura, com quarenta lugares;"),
    Prose(
        "marcador",
        BULLET + "criação do *Clube do Folhetim,* que se reúne na primeira quinta-feira de cada "
        "mês e já conta com vinte e seis inscritos;",
    ),
    Prose("marcador", BULLET + "doação do acervo do professor Valdemir Orsini (1.312 volumes);"),
    Prose("marcador", BULLET + "empréstimo domiciliar estendido à zona rural, em duas rotas."),
    Prose("secao", "3. Movimento"),
    Prose(
        "texto",
        "A tabela a seguir compara os dois últimos anos. A queda nas consultas locais se explica "
        "pela digitalização do jornal *A Voz do Brejo,* agora lido em casa.",
    ),
    Prose("legenda", "Tabela 1 – Movimento da Biblioteca, 2022 e 2023"),
    Table(
        widths=(40, 20, 20, 20),
        aligns=("left", "right", "right", "right"),
        rows=(
            ("Indicador", "2022", "2023", "Variação (%)"),
            ("Visitas", "18.204", "23.951", "31,6"),
            ("Empréstimos", "9.877", "12.430", "25,8"),
            ("Consultas locais", "4.115", "3.602", "-12,5"),
            ("Novos leitores", "611", "894", "46,3"),
            ("Despesa (R$)", "214.380,00", "239.112,47", "11,5"),
        ),
    ),
)

LAST = (
    Prose("secao", "4. Dificuldades"),
    Prose(
        "texto",
        "O telhado do depósito voltou a apresentar goteiras em novembro. Foram perdidos dezenove "
        "volumes, todos já repostos, e o acervo de periódicos foi transferido para o segundo "
        "andar até que a obra seja contratada.",
    ),
    Prose("secao", "5. Metas para 2024"),
    Prose("marcador", BULLET + "concluir o inventário até 30/06/2024;"),
    Prose("marcador", BULLET + "abrir aos domingos, das 9h às 13h, a partir de agosto;"),
    Prose("marcador", BULLET + "formar doze mediadores de leitura nas escolas rurais."),
    Prose(
        "texto",
        "Brejo Alto, 26 de janeiro de 2024. Quitéria Mendes Sabóia, diretora da Biblioteca.",
    ),
)

RELATORIO = Document(
    name="relatorio-anual-2023",
    title="Relatório Anual de 2023",
    sheet=report_sheet(),
    geometry=Geometry(left=70, right=70, top=80, bottom=80),
    furniture=report_foot("Relatório Anual de 2023", blank_pages={2}),
    sections=(Section((*FIRST, PageBreak(), PageBreak(), *LAST)),),
    page_count=3,
    author="Biblioteca Municipal Clarice Antunes",
    traps=(Trap(2, r"\A\s*\Z"), Trap(3, r"^4\. Dificuldades")),
)
