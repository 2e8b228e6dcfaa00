"""Decreto nº 45, de 2022: five articles, a statute annexed that restarts, and a table."""

from __future__ import annotations

from making.act import Block, PageBreak, Prose, Scope, Table, ali, art, inc, par, unico
from making.flow import Geometry
from making.furniture import office
from making.sheets import statute_sheet
from making.typesetter import Document, Section, Trap

DECREE: tuple[Block, ...] = (
    Prose("epigrafe", "DECRETO Nº 45, DE 6 DE JUNHO DE 2022."),
    Prose(
        "ementa",
        "Aprova o Estatuto da Fundação Casa do Tropeiro e fixa o seu quadro de funções.",
    ),
    Prose(
        "preambulo",
        "*O PREFEITO DO MUNICÍPIO DE BREJO ALTO,* no uso da atribuição prevista no art. 61, "
        "inciso VI, da Lei Orgânica do Município, e considerando o disposto na Lei nº 571, de "
        "14 de dezembro de 2021,",
    ),
    Prose("texto", "*D E C R E T A :*"),
    art(
        1,
        "Fica aprovado, na forma do Anexo Único deste Decreto, o Estatuto da Fundação Casa do "
        "Tropeiro, entidade instituída pela Lei nº 571, de 14 de dezembro de 2021.",
    ),
    art(
        2,
        "As funções de confiança da Fundação são as constantes do Anexo II, vedado o aumento de "
        "despesa sem prévia autorização legislativa.",
    ),
    art(
        3,
        "Enquanto não realizado concurso público, a Fundação poderá contar com servidores "
        "cedidos pela Secretaria Municipal de Cultura, pelo prazo máximo de dois anos.",
    ),
    unico("A cessão não poderá exceder a dez servidores."),
    art(
        4,
        "O imóvel situado na Rua do Pouso, nº 118, fica afetado às finalidades da Fundação, "
        "respeitados os limites da sua matrícula e, quanto ao uso, as regras do"
        "\nart. 2º do Estatuto anexo.",
    ),
    art(5, "Este Decreto entra em vigor na data de sua publicação."),
    Prose("texto", "Paço Municipal, em Brejo Alto, 6 de junho de 2022."),
    Prose("assinatura", "ANSELMO TAVEIRA QUINTAL"),
    Prose("cargo", "Rosaura Bittar Carvalhal"),
)

STATUTE_1: tuple[Block, ...] = (
    PageBreak(),
    Prose("titulo", "ANEXO ÚNICO"),
    Scope("ANEXO ÚNICO", annex=True),
    Prose("subtitulo", "ESTATUTO DA FUNDAÇÃO CASA DO TROPEIRO"),
    Prose("titulo", "TÍTULO I"),
    Prose("subtitulo", "DA FUNDAÇÃO"),
    Prose("titulo", "CAPÍTULO I"),
    Prose("subtitulo", "Da Natureza e da Sede"),
    art(
        1,
        "A Fundação Casa do Tropeiro, pessoa jurídica de direito público, reger-se-á pela lei "
        "que a instituiu e por este Estatuto.",
    ),
    art(2, "A Fundação tem sede e foro em Brejo Alto e prazo de duração indeterminado."),
    Prose("titulo", "CAPÍTULO II"),
    Prose("subtitulo", "Das Finalidades"),
    art(3, "São finalidades da Fundação:"),
    inc("I", "guardar e expor arreios, bruacas e documentos do tropeirismo;"),
    inc("II", "promover pesquisas sobre os caminhos de tropas da Serra Nova;"),
    inc("III", "oferecer, a título gratuito:"),
    ali("a", "cursos de trançado em couro;"),
    ali("b", "oficinas de viola e de causos;"),
    ali("c", "visitas guiadas às escolas; e"),
    ali("d", "sessões de cinema; e"),
    inc("IV", "editar a revista anual O Pouso."),
    unico(
        "Para cumprir as suas finalidades, a Fundação poderá celebrar convênios com "
        "universidades e com entidades privadas sem fins lucrativos."
    ),
    Prose("titulo", "TÍTULO II"),
    Prose("subtitulo", "DA ORGANIZAÇÃO"),
    Prose("titulo", "CAPÍTULO I"),
    Prose("subtitulo", "Dos Órgãos"),
    art(4, "São órgãos da Fundação:"),
    inc("I", "o Conselho Curador;"),
    inc("II", "a Diretoria Executiva; e"),
    inc("III", "o Conselho Fiscal."),
)

STATUTE_2: tuple[Block, ...] = (
    art(
        5,
        "O Conselho Curador compõe-se de sete membros, com mandato de três anos, contado da "
        "posse e permitida uma recondução, escolhidos entre pessoas de notório conhecimento "
        "da história e dos costumes locais e nomeados pelo Prefeito Municipal, da seguinte "
        "forma:",
    ),
    inc("I", "três indicados pela Secretaria Municipal de Cultura;"),
    inc("II", "dois indicados pelas associações de tropeiros e muladeiros; e"),
    inc("III", "dois indicados pela Câmara Municipal."),
    par(1, "A função de conselheiro não é remunerada."),
    par(
        2,
        "O Conselho reunir-se-á uma vez por trimestre e, extraordinariamente, por convocação "
        "do seu Presidente ou de quatro dos seus membros.",
    ),
    Prose("titulo", "CAPÍTULO II"),
    Prose("subtitulo", "Das Competências"),
    art(6, "Compete ao Conselho Curador:"),
    inc("I", "aprovar o plano anual de atividades e o orçamento;"),
    inc("II", "deliberar sobre a aceitação de doações e legados com encargo; e"),
    inc("III", "julgar, até o mês de março, as contas da Diretoria Executiva."),
    art(7, "Compete ao Diretor-Presidente representar a Fundação em juízo e fora dele."),
    Prose("titulo", "TÍTULO III"),
    Prose("subtitulo", "DO PATRIMÔNIO"),
    art(
        8,
        "O patrimônio da Fundação é constituído pelos bens que lhe forem doados, pelas dotações "
        "do orçamento municipal e pela renda da venda de publicações.",
    ),
    art(
        9,
        "Extinta a Fundação, os seus bens reverterão ao Município, salvo os recebidos em comodato.",
    ),
    art(10, "Este Estatuto só poderá ser alterado por decreto, ouvido o Conselho Curador."),
)

FUNCTIONS: tuple[Block, ...] = (
    PageBreak(),
    Prose("titulo", "ANEXO II"),
    Prose("subtitulo", "QUADRO DE FUNÇÕES DE CONFIANÇA"),
    Table(
        widths=(12, 44, 14, 30),
        aligns=("center", "left", "center", "right"),
        rows=(
            ("Código", "Denominação", "Quant.", "Gratificação mensal (R$)"),
            ("FC-1", "Diretor-Presidente", "1", "4.850,00"),
            ("FC-2", "Diretor de Acervo", "1", "3.212,40"),
            ("FC-2", "Diretor Administrativo", "1", "3.212,40"),
            ("FC-3", "Chefe de Oficina", "3", "1.976,85"),
            ("FC-4", "Encarregado de Visitação", "2", "1.105,30"),
            ("", "TOTAL", "8", "19.415,95"),
        ),
    ),
    Prose(
        "texto",
        "Nota: o total considera a quantidade de cada função. Valores de junho de 2022.",
    ),
)

DECRETO_45 = Document(
    name="decreto-estatuto-45-2022",
    title="Decreto nº 45, de 6 de junho de 2022",
    sheet=statute_sheet(),
    geometry=Geometry(first_top=132, top=62, bottom=70, left=80, right=66),
    furniture=office(),
    sections=(Section((*DECREE, *STATUTE_1, *STATUTE_2, *FUNCTIONS)),),
    page_count=4,
    crossings=1,
    traps=(
        Trap(1, r"^art\. 2º do Estatuto"),
        Trap(2, r"^ANEXO ÚNICO"),
        Trap(2, r"reger-$"),
        Trap(4, r"^ANEXO II"),
    ),
)
